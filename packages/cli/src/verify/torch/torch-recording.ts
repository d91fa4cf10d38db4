import { type Floats, type RecordedTensors, refusal } from "../recorded-tensors.js";
import type { TorchEntry } from "./torch-entry.js";

/** What PyTorch was given, and in which axes. */
export interface TorchRecording {
  readonly entry: TorchEntry;
  readonly isLstm: boolean;
  /** A cell, which PyTorch's own loop calls once for each step. */
  readonly isCell: boolean;
  /** Whether the axis before the batch is time. */
  readonly timeFirst: boolean;
  readonly batchFirst: boolean;
  readonly input: Floats;
  /** h0, and c0 of an LSTM. */
  readonly state: readonly Floats[] | null;
  /** What the module is called with: its input, of a cell the first frame, and the state if one was given. */
  readonly example: readonly (Floats | readonly Floats[])[];
}

/** @throws UNROLL_FORMAT for a tensor that its file lacks or that does not fit, and lengths that do not */
export function torchRecording(entry: TorchEntry, tensors: RecordedTensors): TorchRecording {
  const isLstm = entry.module.includes("LSTM");
  const isCell = entry.type === "cell";
  if (isCell !== entry.module.endsWith("Cell"))
    throw refusal(
      tensors.place,
      `type "${isCell ? "module" : "cell"}" for ${entry.module}`,
      `"${entry.type}"`,
    );
  const batchFirst = entry.args.batch_first ?? false;
  const timeFirst = isCell || !batchFirst || entry.unbatched;
  const leading = entry.unbatched ? ["time"] : timeFirst ? ["time", "batch"] : ["batch", "time"];
  const input = tensors.floats("input", [...leading, entry.args.input_size]);
  checkLengths(
    entry,
    input.shape[leading.indexOf("time")]!,
    input.shape[leading.indexOf("batch")],
    tensors.place,
  );
  const names = isLstm ? ["h0", "c0"] : ["h0"];
  const state = entry.state_given ? names.map((name) => tensors.floats(name)) : null;
  const example = [isCell ? frameOf(input, 0) : input, ...(state ? [isLstm ? state : state[0]!] : [])];
  return { entry, isLstm, isCell, timeFirst, batchFirst, input, state, example };
}

function checkLengths({ lengths }: TorchEntry, time: number, batch: number | undefined, place: string): void {
  if (lengths === null) return;
  if (lengths.length !== batch)
    throw refusal(place, `lengths of ${batch ?? "no"} rows`, `${lengths.length} lengths`);
  const long = lengths.find((length) => length > time);
  if (long !== undefined) throw refusal(place, `lengths of at most ${time} steps`, String(long));
}

/** Entry `index` along the first axis, sharing memory. */
export function frameOf(all: Floats, index: number): Floats {
  const [, ...shape] = all.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: "float32", shape, data: all.data.subarray(index * size, (index + 1) * size) };
}
