import { type Floats, type RecordedTensors } from "../recorded-tensors.js";
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

/** @throws UNROLL_FORMAT for a tensor that its file lacks */
export function torchRecording(entry: TorchEntry, tensors: RecordedTensors): TorchRecording {
  const isLstm = entry.module.includes("LSTM");
  const isCell = entry.type === "cell";
  const batchFirst = entry.args.batch_first ?? false;
  const input = tensors.floats("input");
  const names = isLstm ? ["h0", "c0"] : ["h0"];
  const state = entry.state_given ? names.map((name) => tensors.floats(name)) : null;
  const timeFirst = isCell || !batchFirst || entry.unbatched;
  const example = [isCell ? frameOf(input, 0) : input, ...(state ? [isLstm ? state : state[0]!] : [])];
  return { entry, isLstm, isCell, timeFirst, batchFirst, input, state, example };
}

/** Entry `index` along the first axis, sharing memory. */
export function frameOf(all: Floats, index: number): Floats {
  const [, ...shape] = all.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: "float32", shape, data: all.data.subarray(index * size, (index + 1) * size) };
}
