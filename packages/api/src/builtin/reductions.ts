import { sizeOf } from "../contract/tensor.js";
import { exponential } from "./exponential.js";
import type { Binder } from "./slot.js";
import { stretched, stridesOf, walk } from "./walk.js";

/** Folds one axis, seen as [outer, size, inner]; a sum is kept in double precision until it is stored. */
const reduce =
  (largest: boolean): Binder =>
  ({ ins: [x], outs: [out], attrs }) => {
    const axis = attrs["axis"] as number;
    const size = x!.shape[axis]!;
    const inner = sizeOf(x!.shape.slice(axis + 1));
    const [from, to] = [x!.data, out!.data];
    return () => {
      for (let o = 0; o < to.length; o++) {
        const rest = o % inner;
        const start = (o - rest) * size + rest;
        let result = from[start]!;
        if (largest) for (let k = 1; k < size; k++) result = Math.max(result, from[start + k * inner]!);
        else for (let k = 1; k < size; k++) result += from[start + k * inner]!;
        to[o] = result;
      }
    };
  };

/**
 * Softmax along the last axis, or its logarithm: one pass over a row for the maximum, one for the sum, one
 * for results.
 */
const softmax =
  (log: boolean): Binder =>
  ({ ins: [x], outs: [out] }) => {
    const size = x!.shape[x!.shape.length - 1]!;
    const [from, to] = [x!.data, out!.data];
    return () => {
      for (let at = 0; at < from.length; at += size) {
        let max = -Infinity;
        for (let k = at; k < at + size; k++) max = Math.max(max, from[k]!);
        let sum = 0;
        for (let k = at; k < at + size; k++) sum += exponential(from[k]! - max);
        if (log) {
          const shift = Math.log(sum);
          for (let k = at; k < at + size; k++) to[k] = from[k]! - max - shift;
        } else {
          for (let k = at; k < at + size; k++) to[k] = exponential(from[k]! - max) / sum;
        }
      }
    };
  };

/** Operations that bring elements of an axis together. */
export const reductions: Readonly<Record<string, Binder>> = {
  sum: reduce(false),
  reduceMax: reduce(true),
  softmax: softmax(false),
  logSoftmax: softmax(true),

  matmul: ({ ins: [a, b], outs: [out], kernels, pack, scratch }) => {
    const [m, n] = out!.shape.slice(-2) as [number, number];
    const k = a!.shape[a!.shape.length - 1]!;
    const [x, y] = [a!.data as Float32Array, out!.data as Float32Array];
    const [leadA, leadB, lead] = [a!, b!, out!].map((slot) => slot.shape.slice(0, -2)) as [
      number[],
      number[],
      number[],
    ];
    if (sizeOf(leadB) === 1) {
      // One matrix for all rows, whatever axes they come from.
      const weights = pack(b!, 0, n, k, n);
      const rows = x.length / k;
      return () => {
        y.fill(0);
        kernels.gemm(rows, x, 0, weights, y, 0, n);
      };
    }
    const weights = { rows: k, cols: n, data: scratch(k * n) };
    const each = walk(
      lead,
      [stridesOf(lead), stretched(leadA, lead), stretched(leadB, lead)],
      [],
      (count, o, so, at, sa, bt, sb) => {
        for (let c = 0; c < count; c++) {
          kernels.pack(b!.data, (bt + c * sb) * k * n, n, weights);
          kernels.gemm(m, x, (at + c * sa) * m * k, weights, y, (o + c * so) * m * n, n);
        }
      },
    );
    return () => {
      y.fill(0);
      each();
    };
  },
};
