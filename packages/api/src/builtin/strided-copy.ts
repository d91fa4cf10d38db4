import type { DType, DTypeArray } from "../contract/tensor.js";
import type { Kernels } from "./kernel-types.js";
import type { Binding } from "./slot.js";
import { type Inner, stridesOf, walk } from "./walk.js";

/** Copies element by element, or side by side in one go where kernels can. */
export const copying =
  (out: DTypeArray[DType], x: DTypeArray[DType], { fast }: Kernels): Inner =>
  (count, o, so, a, sa) => {
    if (fast && so === 1 && sa === 1) fast.copy(out, o, x, a, count);
    else for (let k = 0; k < count; k++, o += so, a += sa) out[o] = x[a]!;
  };

/** Copies the operand into the result along the result's axes, reading from `start` with `strides`. */
export const read = (
  { ins: [x], outs: [out], kernels }: Binding,
  strides: readonly number[],
  start = 0,
): (() => void) =>
  walk(out!.shape, [stridesOf(out!.shape), strides], [0, start], copying(out!.data, x!.data, kernels));
