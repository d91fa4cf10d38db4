import { input as kerasInput, type InputOptions } from "../keras/input.js";
import type { KerasTensor } from "../keras/layer.js";

/** Arguments of {@link input}: one of `shape` and `batchShape`. */
export type InputArgs = InputOptions;

/** `tf.input`: an input of a functional model. @throws UNROLL_ARGUMENT where both shapes or none are given */
export const input = (args: InputArgs): KerasTensor => kerasInput(args);
