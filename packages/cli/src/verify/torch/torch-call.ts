import type { Adapter } from "@unroll/api";
import { packPaddedSequence, type PackedSequence, padPackedSequence } from "@unroll/api/torch";
import type { Floats } from "../recorded-tensors.js";
import type { NamedResults } from "../results.js";
import type { TorchModule } from "./torch-module.js";
import { frameOf, type TorchRecording } from "./torch-recording.js";

type Hidden = Floats | readonly Floats[];
type Call = (...given: unknown[]) => Promise<unknown>;

/** Calls the port of a module as PyTorch was called, over the whole sequence. */
export async function callModule(
  made: TorchModule,
  { entry, input, batchFirst, example }: TorchRecording,
  adapter: Adapter,
): Promise<NamedResults> {
  const module = made.to(adapter);
  const packed = entry.lengths
    ? packPaddedSequence(input, entry.lengths, { batchFirst, enforceSorted: false })
    : input;
  const [output, last] = (await (module.run as Call)(packed, ...example.slice(1))) as [
    Floats | PackedSequence,
    Hidden,
  ];
  const totalLength = input.shape[batchFirst ? 1 : 0]!;
  const padded = entry.lengths
    ? padPackedSequence(output as PackedSequence, { batchFirst, totalLength })[0]
    : (output as Floats);
  module.dispose();
  return { output: padded, ...lastState(last) };
}

/** PyTorch's loop over a cell: one call a step, each with the state of the one before. */
export async function callCell(
  made: TorchModule,
  recording: TorchRecording,
  adapter: Adapter,
): Promise<NamedResults> {
  const cell = made.to(adapter);
  const { input } = recording;
  const outputs: number[] = [];
  let hidden = firstHidden(recording);
  for (let t = 0; t < input.shape[0]!; t++) {
    hidden = (await (cell.run as Call)(frameOf(input, t), hidden)) as Hidden;
    outputs.push(...hiddenOf(hidden).data);
  }
  cell.dispose();
  const shape = [input.shape[0]!, ...hiddenOf(hidden).shape];
  return { output: { shape, data: outputs }, ...lastState(hidden) };
}

/** What was given, or zeros. */
function firstHidden({ entry, input, state, isLstm }: TorchRecording): Hidden {
  const shape = [...input.shape.slice(1, -1), entry.args.hidden_size];
  const zeros = (): Floats => ({
    dtype: "float32",
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const [h, c] = state ?? [];
  return isLstm ? [h ?? zeros(), c ?? zeros()] : (h ?? zeros());
}

// An LSTM's state is the pair of h and c.
const isPair = (hidden: Hidden): hidden is readonly Floats[] => Array.isArray(hidden);
const hiddenOf = (hidden: Hidden): Floats => (isPair(hidden) ? hidden[0]! : hidden);
const lastState = (hidden: Hidden): NamedResults =>
  isPair(hidden) ? { h_n: hidden[0]!, c_n: hidden[1]! } : { h_n: hidden };
