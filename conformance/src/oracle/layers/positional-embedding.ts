import type { PositionalEmbeddingSpec } from "@unroll/api";
import type { Context, Equations } from "./context.js";

/** Rule `positional-embedding`. */
export const positionalEmbedding: Equations<PositionalEmbeddingSpec> = <V>(
  { name, input, inputSize, maxLength, maskedSteps }: PositionalEmbeddingSpec,
  { m, value, weight, real, givenCount, record }: Context<V>,
) => {
  const { axis, shape, rows } = value(input);
  const table = weight(`${name}.table`)!;
  const vectorAt = (position: number): V =>
    position >= 0 && position < maxLength
      ? m.slice(table, position * inputSize, inputSize)
      : m.constant(NaN, inputSize);
  const after: V[] = [];
  const placed = rows.map((steps, row) => {
    let position = givenCount(name, "position", row);
    const own = steps.map((x, t) => {
      if (maskedSteps === "skip" && !real(axis, row, t)) return m.zeros(inputSize);
      return m.add(x, vectorAt(position++));
    });
    after.push(m.constant(position, 1));
    return own;
  });
  record(name, "position", [], after);
  return [
    [name, { axis, shape, rows: placed }],
    [`${name}.position`, { axis: null, shape: [], rows: after.map((one) => [one]) }],
  ];
};
