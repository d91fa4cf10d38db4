import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { KerasTensor } from "./layer.js";

/** Options of {@link input}. */
export interface InputOptions {
  /**
   * Axes after batch; null for a length that may differ: [null, 8] are sequences of 8 features, [null] with
   * dtype int32 sequences of ids.
   */
  readonly shape: readonly (number | null)[];
  /** Default float32. `bool` is for masks, [null]. */
  readonly dtype?: ValueInfo["dtype"];
  /** What `predict` takes it by, where inputs are given by name. Default: numbered within the model. */
  readonly name?: string;
}

/**
 * The form of an input: it is a sequence if its first axis is null, if it has two axes or more, or if it
 * holds ids or a mask.
 *
 * @throws UNROLL_SHAPE for an axis other than the first without a size
 */
export function formOf(shape: readonly (number | null)[], dtype: ValueInfo["dtype"]): ValueInfo {
  const sequence = shape.length > 0 && (shape[0] === null || shape.length > 1 || dtype !== "float32");
  const features = sequence ? shape.slice(1) : shape;
  if (!features.every((size) => Number.isInteger(size)))
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "input",
      expected: "sizes of all axes but time",
      got: `[${shape.map(String).join(", ")}]`,
      cure: "only the first may be null",
      details: { shape },
    });
  return { dtype, axis: sequence ? STEPS : null, shape: features as number[] };
}

/** An input of a functional model. */
export function input(options: InputOptions): KerasTensor {
  knownOptions("input", options, ["shape", "dtype", "name"]);
  return KerasTensor.input(options.name ?? "", formOf(options.shape, options.dtype ?? "float32"));
}
