import { exponential } from "./exponential.js";
import { primitiveMaps } from "./primitive-maps.js";
import type { Binder } from "./slot.js";

/** Softmax along the last axis: rows less their largest, `e` to all of it, and the share of each. */
export const softmax: Binder = ({ ins: [x], outs: [out], kernels }) => {
  const size = x!.shape[x!.shape.length - 1]!;
  const [from, to] = [x!.data as Float32Array, out!.data as Float32Array];
  const exp = kernels.maps["exp"] ?? primitiveMaps.exp;
  return () => {
    for (let at = 0; at < from.length; at += size) {
      let max = -Infinity;
      for (let k = at; k < at + size; k++) max = Math.max(max, from[k]!);
      for (let k = at; k < at + size; k++) to[k] = from[k]! - max;
    }
    exp(to, 0, to, 0, to.length);
    for (let at = 0; at < to.length; at += size) {
      let sum = 0;
      for (let k = at; k < at + size; k++) sum += to[k]!;
      const share = 1 / sum;
      for (let k = at; k < at + size; k++) to[k] = to[k]! * share;
    }
  };
};

/** Its logarithm: one pass over a row for the maximum, one for the sum, one for results. */
export const logSoftmax: Binder = ({ ins: [x], outs: [out] }) => {
  const size = x!.shape[x!.shape.length - 1]!;
  const [from, to] = [x!.data, out!.data];
  return () => {
    for (let at = 0; at < from.length; at += size) {
      let max = -Infinity;
      for (let k = at; k < at + size; k++) max = Math.max(max, from[k]!);
      let sum = 0;
      for (let k = at; k < at + size; k++) sum += exponential(from[k]! - max);
      const shift = Math.log(sum);
      for (let k = at; k < at + size; k++) to[k] = from[k]! - max - shift;
    }
  };
};
