import { unrollError } from "@unroll/api";
import { nn } from "@unroll/api/torch";
import type { RecordedTensors } from "../recorded-tensors.js";
import type { TorchEntry } from "./torch-entry.js";

export type TorchModule = InstanceType<typeof nn.LSTM>;
type TorchClass = new (inputSize: number, hiddenSize: number, options: object) => TorchModule;

const classes = new Map<string, TorchClass>(
  Object.entries({
    RNN: nn.RNN,
    LSTM: nn.LSTM,
    GRU: nn.GRU,
    RNNCell: nn.RNNCell,
    LSTMCell: nn.LSTMCell,
    GRUCell: nn.GRUCell,
  }).map(([name, Class]) => [name, Class as unknown as TorchClass]),
);

const options = new Map([
  ["num_layers", "numLayers"],
  ["bias", "bias"],
  ["batch_first", "batchFirst"],
  ["dropout", "dropout"],
  ["bidirectional", "bidirectional"],
  ["nonlinearity", "nonlinearity"],
  ["proj_size", "projSize"],
]);

/**
 * The port of a recorded module, with its weights.
 *
 * @throws UNROLL_UNSUPPORTED for a module or an argument that the port does not have
 */
export function torchModule(entry: TorchEntry, tensors: RecordedTensors, place: string): TorchModule {
  const Class = classes.get(entry.module.replace("torch.nn.", ""));
  if (!Class)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: "a recurrent module of torch.nn",
      got: entry.module,
      cure: "record its parts one by one",
      details: { module: entry.module },
    });
  const module = new Class(entry.args.input_size, entry.args.hidden_size, optionsOf(entry, place));
  module.loadStateDict(tensors.named((name) => /^(weight|bias)_/.test(name)));
  return module;
}

/** The port's options. One that it does not have is refused by name rather than left out. */
function optionsOf({ args }: TorchEntry, place: string): Record<string, unknown> {
  const own = Object.entries(args).filter(([name]) => name !== "input_size" && name !== "hidden_size");
  return Object.fromEntries(own.map(([name, value]) => [optionOf(name, place), value]));
}

function optionOf(name: string, place: string): string {
  const option = options.get(name);
  if (option !== undefined) return option;
  throw unrollError({
    code: "UNROLL_UNSUPPORTED",
    place,
    expected: `arguments ${[...options.keys()].join(", ")}`,
    got: `"${name}"`,
    cure: "this recording is newer than this command",
    details: { name },
  });
}
