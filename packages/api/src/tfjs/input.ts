import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { input as kerasInput, type InputOptions } from "../keras/input.js";
import type { KerasTensor } from "../keras/layer.js";

/** Arguments of {@link input}: one of `shape` and `batchShape`. */
export interface InputArgs {
  /** Axes after the batch; null for a length that may differ. */
  readonly shape?: readonly (number | null)[];
  /** The same with the batch before it, whose size is free here. */
  readonly batchShape?: readonly (number | null)[];
  /** Default float32. */
  readonly dtype?: NonNullable<InputOptions["dtype"]>;
  /** What `predict` takes it by, where inputs are given by name. */
  readonly name?: string;
}

/** `tf.input`: an input of a functional model. @throws UNROLL_ARGUMENT where both shapes or none are given */
export function input(args: InputArgs): KerasTensor {
  knownOptions("input", args, ["shape", "batchShape", "dtype", "name"]);
  const { shape, batchShape, ...rest } = args;
  if ((shape === undefined) === (batchShape === undefined))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "input",
      expected: "shape or batchShape",
      got: shape === undefined ? "neither" : "both",
      cure: "e.g. input({ shape: [null, 8] })",
    });
  return kerasInput({ ...rest, shape: shape ?? batchShape!.slice(1) });
}
