import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";

/**
 * The form of an input: it is a sequence if its first axis is null, if it has two axes or more, or if it
 * holds ids or a mask.
 *
 * @throws UNROLL_SHAPE for what is no shape, and for an axis other than the first without a size
 */
export function formOf(shape: readonly (number | null)[], dtype: ValueInfo["dtype"]): ValueInfo {
  if (!Array.isArray(shape))
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "input",
      expected: "a shape, the axes after the batch",
      got: shown(shape),
      cure: "e.g. input([null, 8]) or input({ shape: [null, 8] })",
    });
  const sequence = shape.length > 0 && (shape[0] === null || shape.length > 1 || dtype !== "float32");
  const features = sequence ? shape.slice(1) : shape;
  const sizes = shape[0] === null ? features : shape;
  if (!sizes.every((size) => Number.isInteger(size) && size! >= 1))
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "input",
      expected: "sizes of all axes but time",
      got: `[${shape.map(shown).join(", ")}]`,
      cure: "only the first may be null",
      details: { shape },
    });
  return { dtype, axis: sequence ? STEPS : null, shape: features as number[] };
}
