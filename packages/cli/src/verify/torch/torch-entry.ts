import {
  anything,
  both,
  flag,
  type Form,
  list,
  named,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  whole,
} from "../../json/form.js";
import { limits } from "../../json/limits.js";

/** A case of a manifest that `record.py` made of a PyTorch module. */
export interface TorchEntry {
  readonly name: string;
  readonly file: string;
  readonly type: "module" | "cell";
  readonly module: string;
  /** Arguments of the module by PyTorch's names, also those that this command has not heard of. */
  readonly args: Readonly<Record<string, unknown>> & {
    readonly input_size: number;
    readonly hidden_size: number;
    readonly batch_first?: boolean;
  };
  readonly unbatched: boolean;
  readonly state_given: boolean;
  readonly lengths: readonly number[] | null;
  /** Whether gradients were recorded too; not, where it is left out. */
  readonly gradients?: boolean;
}

const size = whole(1, limits.size);

const knownArguments = object({
  input_size: size,
  hidden_size: size,
  num_layers: optional(whole(1, limits.layers)),
  bias: optional(flag),
  batch_first: optional(flag),
  dropout: optional(number),
  bidirectional: optional(flag),
  nonlinearity: optional(oneOf("tanh", "relu")),
  proj_size: optional(whole(0, limits.size)),
});

export const torchEntry: Form<TorchEntry> = object({
  name: text,
  file: text,
  type: oneOf("module", "cell"),
  module: text,
  args: both(named(anything), knownArguments),
  unbatched: flag,
  state_given: flag,
  lengths: nullable(list(whole(1, limits.size), 1, limits.size)),
  gradients: optional(flag),
}) as Form<TorchEntry>;
