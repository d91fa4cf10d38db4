import type { Round } from "./rounding.js";

/** Adds up the first `count` terms in an order of its own, each sum rounded. */
export type Summation = (terms: Float64Array, count: number, round: Round) => number;

/** From the first term to the last. */
export const forwards: Summation = (terms, count, round) => {
  let sum = 0;
  for (let k = 0; k < count; k++) sum = round(sum + terms[k]!);
  return sum;
};

/** From the last term to the first. */
export const backwards: Summation = (terms, count, round) => {
  let sum = 0;
  for (let k = count - 1; k >= 0; k--) sum = round(sum + terms[k]!);
  return sum;
};

/** Each half by itself, and then both. */
export const pairwise: Summation = (terms, count, round) => {
  const between = (from: number, to: number): number => {
    if (to - from <= 1) return from < to ? terms[from]! : 0;
    const middle = (from + to) >> 1;
    return round(between(from, middle) + between(middle, to));
  };
  return between(0, count);
};

/** Every `width`-th term in a sum of its own, as the lanes of a vector, and then those sums. */
export const inLanes =
  (width: number): Summation =>
  (terms, count, round) => {
    const lanes = new Float64Array(width);
    for (let k = 0; k < count; k++) lanes[k % width] = round(lanes[k % width]! + terms[k]!);
    return pairwise(lanes, width, round);
  };

const bits = new DataView(new ArrayBuffer(8));

/**
 * `a * b + c` with one rounding, to float32. The product of two float32 is exact in float64; their sum is
 * rounded to odd there, so that rounding it again is as if it had been rounded once.
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return Math.fround(sum);
  const virtual = sum - product;
  const error = product - (sum - virtual) + (c - virtual);
  if (error === 0) return Math.fround(sum);
  bits.setFloat64(0, sum);
  const whole = bits.getBigInt64(0);
  if ((whole & 1n) === 0n) bits.setBigInt64(0, error > 0 === sum > 0 ? whole + 1n : whole - 1n);
  return Math.fround(bits.getFloat64(0));
}
