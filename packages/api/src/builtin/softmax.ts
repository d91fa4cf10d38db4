import { exponential } from "./exponential.js";
import type { Binder } from "./slot.js";

/**
 * Softmax along the last axis, or its logarithm: one pass over a row for the maximum, one for the sum, one
 * for results.
 */
export const softmax =
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
