import type { Block, Value } from "../program/builder.js";

/** The sum of all numbers of a value of any shape, []. */
export function scalarSum(b: Block, value: Value): Value {
  const axes = value.type.shape.map((_, axis) => axis);
  if (axes.length === 0) return value;
  return axes.reduce((left) => b.squeeze(left, 0), b.sum(value, axes));
}
