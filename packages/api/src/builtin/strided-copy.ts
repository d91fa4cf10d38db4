import type { DType, DTypeArray } from "../contract/tensor.js";
import type { Slot } from "./slot.js";
import { type Inner, stridesOf, walk } from "./walk.js";

/** Copies element by element. */
export const copying =
  (out: DTypeArray[DType], x: DTypeArray[DType]): Inner =>
  (count, o, so, a, sa) => {
    for (let k = 0; k < count; k++, o += so, a += sa) out[o] = x[a]!;
  };

/** Copies x into out along out's axes, reading from `start` with `strides`. */
export const read = (out: Slot, x: Slot, strides: readonly number[], start = 0): (() => void) =>
  walk(out.shape, [stridesOf(out.shape), strides], [0, start], copying(out.data, x.data));
