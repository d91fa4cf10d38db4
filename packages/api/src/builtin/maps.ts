import { exponential, sigmoid, tanh } from "./exponential.js";

/**
 * Applies a function of one number to `count` elements; `x` and `y` may be the same array at the same place.
 */
export type ElementMap = (
  x: ArrayLike<number>,
  xAt: number,
  y: Float32Array,
  yAt: number,
  count: number,
) => void;

/**
 * The activations of `layers/activations.ts`. Each loop is written out: a shared one would call through a
 * closure per element, which is slow and boxes every result on the heap.
 */
export const maps: Readonly<Record<string, ElementMap>> = {
  tanh: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = tanh(x[a + k]!);
  },
  sigmoid: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = sigmoid(x[a + k]!);
  },
  linear: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = x[a + k]!;
  },
  relu: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.max(x[a + k]!, 0);
  },
  hardSigmoidSixth: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.min(Math.max(x[a + k]! / 6 + 0.5, 0), 1);
  },
  hardSigmoidFifth: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.min(Math.max(x[a + k]! * 0.2 + 0.5, 0), 1);
  },
  softsign: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = x[a + k]! / (1 + Math.abs(x[a + k]!));
  },
  softplus: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++)
      y[b + k] = Math.max(x[a + k]!, 0) + Math.log1p(exponential(-Math.abs(x[a + k]!)));
  },
  elu: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = x[a + k]! > 0 ? x[a + k]! : Math.expm1(x[a + k]!);
  },
  leakyRelu: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = x[a + k]! > 0 ? x[a + k]! : 0.01 * x[a + k]!;
  },
};
