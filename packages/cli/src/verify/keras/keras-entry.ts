import {
  anything,
  both,
  flag,
  type Form,
  list,
  named,
  nullable,
  object,
  oneOf,
  text,
  whole,
} from "../../json/form.js";
import { limits } from "../../json/limits.js";

/** A case of a manifest that `record.py` made of a Keras layer. */
export interface KerasEntry {
  readonly name: string;
  readonly file: string;
  readonly layer: string;
  /** The layer's configuration by Keras's names, also what this command has not heard of. */
  readonly config: Readonly<Record<string, unknown>> & { readonly units: number };
  readonly bidirectional: boolean;
  readonly merge_mode: "concat" | "sum" | "mul" | "ave" | null;
  readonly features: number;
  /** Tensors in the order of `layer.get_weights()`. */
  readonly weights: readonly string[];
  readonly calls: readonly KerasCall[];
  readonly masked_start_is_backend_dependent: boolean;
}

/** One call of the layer: names of tensors, and of the results it returned. */
export interface KerasCall {
  readonly input: string;
  readonly mask: string | null;
  readonly initial_state: readonly string[] | null;
  readonly prefix: string;
  readonly results: readonly string[];
}

/** What a masked step holds before the first real one. Keras's backends differ in it. */
export type HeldStart = "initialState" | "zeros";

const size = whole(1, limits.size);
/** More than any layer has. */
const few = 64;

const kerasCall: Form<KerasCall> = object({
  input: text,
  mask: nullable(text),
  initial_state: nullable(list(text, 1, few)),
  prefix: text,
  results: list(text, 1, few),
});

export const kerasEntry: Form<KerasEntry> = object({
  name: text,
  file: text,
  layer: text,
  config: both(named(anything), object({ units: size })),
  bidirectional: flag,
  merge_mode: nullable(oneOf("concat", "sum", "mul", "ave")),
  features: size,
  weights: list(text, 1, few),
  calls: list(kerasCall, 1, limits.calls),
  masked_start_is_backend_dependent: flag,
});
