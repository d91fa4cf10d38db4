import type { Block, Value } from "../program/builder.js";
import type { UpdateStep } from "./update-rule.js";

/**
 * A step's weight and gradient after decay: of the `weight`, w - lr · decay · w, which is Keras's
 * `weight_decay` and PyTorch's AdamW; or of the `gradient`, g + decay · w, which is PyTorch's `weight_decay`.
 */
export function decayed(
  b: Block,
  { weight, gradient, scalars }: UpdateStep,
  of: "weight" | "gradient",
  decay: number,
): { readonly weight: Value; readonly gradient: Value } {
  if (decay === 0) return { weight, gradient };
  const share = b.mul(weight, b.constant(decay));
  return of === "weight"
    ? { weight: b.sub(weight, b.mul(share, scalars["learningRate"]!)), gradient }
    : { weight, gradient: b.add(gradient, share) };
}
