import type { Binder } from "./slot.js";
import { read } from "./strided-copy.js";
import { stridesOf } from "./walk.js";

/** Axes in another order. */
export const transpose: Binder = ({ ins: [x], outs: [out], attrs }) => {
  const own = stridesOf(x!.shape);
  return read(
    out!,
    x!,
    (attrs["perm"] as readonly number[]).map((axis) => own[axis]!),
  );
};
