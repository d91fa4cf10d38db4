import { exponential, sigmoid, tanh } from "./exponential.js";

/** Applies a function of one number to `count` elements; `x` and `y` may be the same array at the same place. */
export type Map1 = (x: ArrayLike<number>, xAt: number, y: Float32Array | Uint8Array | Int32Array, yAt: number, count: number) => void;

// One loop serves the rarer functions; the usual three have their own below, because a call through a closure per
// element costs more than their arithmetic.
const each = (f: (x: number) => number): Map1 => (x, xAt, y, yAt, count) => {
  for (let k = 0; k < count; k++) y[yAt + k] = f(x[xAt + k]!);
};

const hardSigmoid = (slope: number): Map1 => each((x) => Math.min(Math.max(x * slope + 0.5, 0), 1));

/** Every function of one element: primitives, and the activations of `layers/activations.ts`. */
export const maps: Readonly<Record<string, Map1>> = {
  tanh: (x, xAt, y, yAt, count) => {
    for (let k = 0; k < count; k++) y[yAt + k] = tanh(x[xAt + k]!);
  },
  sigmoid: (x, xAt, y, yAt, count) => {
    for (let k = 0; k < count; k++) y[yAt + k] = sigmoid(x[xAt + k]!);
  },
  relu: (x, xAt, y, yAt, count) => {
    for (let k = 0; k < count; k++) y[yAt + k] = Math.max(x[xAt + k]!, 0);
  },
  linear: each((x) => x),
  hardSigmoidSixth: hardSigmoid(1 / 6),
  hardSigmoidFifth: hardSigmoid(0.2),
  softsign: each((x) => x / (1 + Math.abs(x))),
  softplus: each((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  elu: each((x) => (x > 0 ? x : Math.expm1(x))),
  leakyRelu: each((x) => (x > 0 ? x : 0.01 * x)),
  neg: each((x) => -x),
  exp: each(exponential),
  log: each(Math.log),
  sqrt: each(Math.sqrt),
  abs: each(Math.abs),
  not: each((x) => 1 - x),
};
