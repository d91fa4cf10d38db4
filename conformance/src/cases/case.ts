import { type CellSpec, type HostTensor, type PlainState, type SequenceOptions, type Spec, tensor, type WeightMap } from "@unroll/api";
import type { Run } from "../oracle/evaluate.js";

/** A model, what it is run on, and where a run is cut. */
export interface Case {
  readonly spec: Spec;
  readonly weights: WeightMap;
  readonly batch: number;
  readonly time: number;
  /** The one input: [batch, time, ...]. */
  readonly x: HostTensor;
  /** Real steps of each row, 0 to time; null where every step is real. */
  readonly lengths: readonly number[] | null;
  /** Which steps are real, by row; null where it is not masked. */
  readonly mask: readonly (readonly boolean[])[] | null;
  /** Initial state; null for none given. */
  readonly state: PlainState | null;
  /** Where the sequence is cut into chunks: rising, between 0 and time. */
  readonly cuts: readonly number[];
}

export const lengthsOf = ({ lengths, batch }: Case): HostTensor<"int32"> | undefined => (lengths ? tensor([...lengths], [batch], "int32") : undefined);
export const maskOf = ({ mask, batch, time }: Case): HostTensor<"bool"> | undefined => (mask ? tensor(mask.flat().map(Number), [batch, time], "bool") : undefined);

/** What the oracle needs of a case. */
export function runOf(given: Case): Run {
  return { inputs: { [given.spec.inputs[0]!.name]: given.x }, lengths: lengthsOf(given), mask: maskOf(given), state: given.state ?? undefined };
}

/** The options of `model.sequence` for a case. */
export function optionsOf(given: Case): SequenceOptions {
  const mask = maskOf(given);
  return { ...(given.lengths && { lengths: given.lengths }), ...(mask && { mask }), ...(given.state && { state: given.state }) };
}

/** Part of a tensor along one axis. */
export function slice<T extends HostTensor>(x: T, axis: number, from: number, to: number): T {
  const outer = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = x.shape[axis]!;
  const data = x.data.slice(0, outer * (to - from) * inner);
  for (let k = 0; k < outer; k++) data.set(x.data.subarray((k * length + from) * inner, (k * length + to) * inner), k * (to - from) * inner);
  return { ...x, shape: x.shape.map((dim, k) => (k === axis ? to - from : dim)), data };
}

/** The rows of a tensor in the order `rows`. */
export function takeRows<T extends HostTensor>(x: T, rows: readonly number[]): T {
  const size = x.data.length / x.shape[0]!;
  const data = x.data.slice(0, 0).constructor as new (length: number) => T["data"];
  const made = new data(rows.length * size);
  rows.forEach((row, k) => made.set(x.data.subarray(row * size, (row + 1) * size), k * size));
  return { ...x, shape: [rows.length, ...x.shape.slice(1)], data: made };
}

/** A state with its tensors changed one by one. */
export const mapState = (state: PlainState, f: (part: HostTensor) => HostTensor): PlainState =>
  Object.fromEntries(Object.entries(state).map(([layer, parts]) => [layer, Object.fromEntries(Object.entries(parts).map(([part, held]) => [part, f(held)]))]));

/** A case of some of its rows, in the order `rows`. */
export function rowsOf(given: Case, rows: readonly number[]): Case {
  return {
    ...given, batch: rows.length, x: takeRows(given.x, rows),
    lengths: given.lengths && rows.map((row) => given.lengths![row]!),
    mask: given.mask && rows.map((row) => given.mask![row]!),
    state: given.state && mapState(given.state, (part) => takeRows(part, rows)),
  };
}

/** A case in one line, for reports. */
export function describeCase({ spec, batch, time, lengths, mask, state, cuts }: Case): string {
  const form = (cell: CellSpec): string => `${cell.kind === "custom" ? cell.name : cell.kind}(${cell.inputSize}->${cell.units}${cell.kind === "lstm" ? `${cell.projection === null ? "" : `->${cell.projection}`}${cell.peepholes ? ", peepholes" : ""}` : ""}`;
  const layers = spec.layers.map((layer) => (layer.type === "recurrent" ? `${form(layer.cell)}${layer.direction === "backward" ? ", backward" : ""})`
    : layer.type === "bidirectional" ? `bidirectional ${form(layer.forward)}, ${layer.merge})` : layer.type)).join(" ");
  return `${layers}; batch ${batch}, time ${time}${lengths ? `, lengths [${lengths.join(", ")}]` : ""}${mask ? ", mask" : ""}${state ? ", state given" : ""}${cuts.length > 0 ? `, cut at [${cuts.join(", ")}]` : ""}`;
}
