import type { Binder } from "./slot.js";
import { read } from "./strided-copy.js";
import { stridesOf } from "./walk.js";

/** Axes in another order. */
export const transpose: Binder = (binding) => {
  const own = stridesOf(binding.ins[0]!.shape);
  return read(
    binding,
    (binding.attrs["perm"] as readonly number[]).map((axis) => own[axis]!),
  );
};
