import type { Activation } from "@unroll/api";
import { type Rounding, unrounded } from "./primitives.js";

/**
 * The arithmetic that the oracle's equations are written in. Exact float64 is one; others carry rounding
 * noise or an error bound through the very same equations.
 *
 * @typeParam V a vector
 */
export interface Arithmetic<V> {
  /** A vector of given numbers: an input or a weight. */
  from(values: ArrayLike<number>): V;
  /** A vector of exact zeros. */
  zeros(length: number): V;
  /** The numbers of a vector. */
  values(v: V): Float64Array;
  /** x·w + bias for x [rows] and w [rows, columns], row-major. */
  affine(x: V, w: V, columns: number, bias: V | undefined): V;
  /** Sums, element by element. */
  add(a: V, b: V): V;
  /** Products, element by element. */
  mul(a: V, b: V): V;
  /** 1 - a */
  complement(a: V): V;
  /** a / n */
  divide(a: V, n: number): V;
  /** a / b, element by element */
  quotient(a: V, b: V): V;
  /** Square roots. */
  root(a: V): V;
  /** Each element held between -limit and limit; a number in between stays as it is. */
  clamp(a: V, limit: number): V;
  /** The larger of a and b, element by element; NaN if either is. Exact. */
  larger(a: V, b: V): V;
  /** A number that every engine holds as a constant: a vector of so many of them. */
  constant(value: number, length: number): V;
  /** An activation of each element, by its formula in `activationNames`. */
  activate(name: Activation, a: V): V;
  /** The sine or the cosine of each element, in radians. */
  wave(op: "sin" | "cos", a: V): V;
  /** e^a / sum e^a */
  softmax(a: V): V;
  /** a - log sum e^a */
  logSoftmax(a: V): V;
  /** Elements from one on. Exact. */
  slice(a: V, from: number, length: number): V;
  /** Vectors one after the other. Exact. */
  concat(parts: readonly V[]): V;
  /** What a program of primitives makes of vectors, each operation rounded as the others here are. */
  primitives(
    given: readonly V[],
    compute: (given: readonly Float64Array[], rounding: Rounding) => readonly Float64Array[],
  ): readonly V[];
}

/** Every activation by its formula; docs/semantics.md, rule `activation`. */
export const activationOf: { readonly [Name in Activation]: (x: number) => number } = {
  linear: (x) => x,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  relu: (x) => Math.max(x, 0),
  hardSigmoidSixth: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  hardSigmoidFifth: (x) => Math.min(Math.max(x / 5 + 0.5, 0), 1),
  softsign: (x) => x / (1 + Math.abs(x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  leakyRelu: (x) => (x > 0 ? x : 0.01 * x),
};

/** log of the sum of e^a, without overflow. */
export function logSumExp(a: Float64Array): number {
  let largest = -Infinity;
  for (const value of a) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of a) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

/** Vectors one after another. */
export function concatenated(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Float64, nothing else. */
export const exact: Arithmetic<Float64Array> = {
  from: (values) => Float64Array.from(values),
  zeros: (length) => new Float64Array(length),
  values: (v) => v,
  affine(x, w, columns, bias) {
    const y = new Float64Array(columns);
    if (bias) y.set(bias);
    for (let k = 0; k < x.length; k++) {
      const factor = x[k]!;
      const at = k * columns;
      for (let j = 0; j < columns; j++) y[j] = y[j]! + factor * w[at + j]!;
    }
    return y;
  },
  add: (a, b) => a.map((value, k) => value + b[k]!),
  mul: (a, b) => a.map((value, k) => value * b[k]!),
  complement: (a) => a.map((value) => 1 - value),
  divide: (a, n) => a.map((value) => value / n),
  quotient: (a, b) => a.map((value, k) => value / b[k]!),
  root: (a) => a.map(Math.sqrt),
  clamp: (a, limit) => a.map((value) => Math.min(Math.max(value, -limit), limit)),
  larger: (a, b) => a.map((value, k) => Math.max(value, b[k]!)),
  constant: (value, length) => new Float64Array(length).fill(value),
  activate: (name, a) => a.map(activationOf[name]),
  wave: (op, a) => a.map(Math[op]),
  softmax(a) {
    const log = logSumExp(a);
    return a.map((value) => Math.exp(value - log));
  },
  logSoftmax(a) {
    const log = logSumExp(a);
    return a.map((value) => value - log);
  },
  slice: (a, from, length) => a.slice(from, from + length),
  concat: concatenated,
  primitives: (given, compute) => compute(given, unrounded),
};
