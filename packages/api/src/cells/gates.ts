import type { Block, Value } from "../program/builder.js";

/** The last axis of a value in `count` parts of one size: its gates, in their order. */
export function gatesOf(b: Block, value: Value, count: number): Value[] {
  const axis = value.type.shape.length - 1;
  const size = (value.type.shape[axis] as number) / count;
  return Array.from({ length: count }, (_, k) => b.slice(value, axis, k * size, size));
}

/** gate ⊙ a + (1 - gate) ⊙ b. */
export const mixed = (block: Block, gate: Value, a: Value, b: Value): Value =>
  block.add(block.mul(gate, a), block.mul(block.sub(block.constant(1), gate), b));
