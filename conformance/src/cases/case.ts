import {
  type CellSpec,
  type Extent,
  type HostTensor,
  type PlainState,
  type SequenceOptions,
  type Spec,
  tensor,
  type WeightMap,
} from "@unroll/api";
import type { Run } from "../oracle/evaluate.js";

/** A model, what it is run on, and where a run is cut. */
export interface Case {
  /** The model. */
  readonly spec: Spec;
  /** Its weights, by canonical name. */
  readonly weights: WeightMap;
  /** Rows, at least 1. */
  readonly batch: number;
  /** Steps, at least 1. */
  readonly time: number;
  /** The one input: [batch, time, ...]. */
  readonly x: HostTensor;
  /** Real steps of each row, 0 to time; null where every step is real. */
  readonly lengths: readonly number[] | null;
  /** Which steps are real, by row; null where it is not masked. */
  readonly mask: readonly (readonly boolean[])[] | null;
  /** A second input, along the axis `source`, that every step sees whole; null for a model without. */
  readonly memory: Memory | null;
  /** Initial state; null for none given. */
  readonly state: PlainState | null;
  /** Where the sequence is cut into chunks: rising, between 0 and time. */
  readonly cuts: readonly number[];
}

/** What a model looks at beside its input: [batch, source, ...], and which of its steps are real. */
export interface Memory extends Pick<Case, "x" | "lengths" | "mask"> {
  /** Its steps, at least 1. */
  readonly time: number;
}

/** The name of the memory's axis, and of its input. */
export const SOURCE = "source";

export const lengthsOf = ({
  lengths,
  batch,
}: Pick<Case, "lengths" | "batch">): HostTensor<"int32"> | undefined =>
  lengths ? tensor([...lengths], [batch], "int32") : undefined;
export const maskOf = ({
  mask,
  batch,
  time,
}: Pick<Case, "mask" | "batch" | "time">): HostTensor<"bool"> | undefined =>
  mask ? tensor(mask.flat().map(Number), [batch, time], "bool") : undefined;

/** What the oracle needs of a case. */
export function runOf(given: Case): Run {
  const { memory, batch } = given;
  const along = memory && {
    [SOURCE]: { lengths: lengthsOf({ ...memory, batch }), mask: maskOf({ ...memory, batch }) },
  };
  return {
    inputs: inputsOf(given),
    lengths: lengthsOf(given),
    mask: maskOf(given),
    state: given.state ?? undefined,
    ...(along && { along }),
  };
}

/** The inputs of a case by name, with `x` in the place of its own. */
export const inputsOf = (
  { spec, x: own, memory }: Case,
  x: HostTensor = own,
): Record<string, HostTensor> => ({ [spec.inputs[0]!.name]: x, ...(memory && { [SOURCE]: memory.x }) });

/** How the rows of a case's memory end, as `model.step` takes it. */
export function memoryExtent({ memory, batch }: Case): Extent {
  const mask = memory && maskOf({ ...memory, batch });
  return {
    ...(memory?.lengths && { lengths: { [SOURCE]: memory.lengths } }),
    ...(mask && { mask: { [SOURCE]: mask } }),
  };
}

/** The options of `model.sequence` for a case. */
export function optionsOf(given: Case): SequenceOptions {
  const mask = maskOf(given);
  const { lengths, mask: masks } = memoryExtent(given) as { lengths?: object; mask?: object };
  return {
    ...((given.lengths ?? lengths) && {
      lengths: { ...(given.lengths && { time: given.lengths }), ...lengths },
    }),
    ...((mask ?? masks) && { mask: { ...(mask && { time: mask }), ...masks } }),
    ...(given.state && { state: given.state }),
  };
}

/** Part of a tensor along one axis. */
export function slice<T extends HostTensor>(x: T, axis: number, from: number, to: number): T {
  const outer = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = x.shape[axis]!;
  const data = x.data.slice(0, outer * (to - from) * inner);
  for (let k = 0; k < outer; k++)
    data.set(
      x.data.subarray((k * length + from) * inner, (k * length + to) * inner),
      k * (to - from) * inner,
    );
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
  Object.fromEntries(
    Object.entries(state).map(([layer, parts]) => [
      layer,
      Object.fromEntries(Object.entries(parts).map(([part, held]) => [part, f(held)])),
    ]),
  );

/** A case of some of its rows, in the order `rows`. */
export function rowsOf(given: Case, rows: readonly number[]): Case {
  return {
    ...given,
    batch: rows.length,
    x: takeRows(given.x, rows),
    lengths: given.lengths && rows.map((row) => given.lengths![row]!),
    mask: given.mask && rows.map((row) => given.mask![row]!),
    memory: given.memory && {
      ...given.memory,
      x: takeRows(given.memory.x, rows),
      lengths: given.memory.lengths && rows.map((row) => given.memory!.lengths![row]!),
      mask: given.memory.mask && rows.map((row) => given.memory!.mask![row]!),
    },
    state: given.state && mapState(given.state, (part) => takeRows(part, rows)),
  };
}

/** A case in one line, for reports. */
export function describeCase({ spec, batch, time, lengths, mask, memory, state, cuts }: Case): string {
  const form = (cell: CellSpec): string => {
    const sizes = [cell.inputSize, cell.units, (cell.kind === "lstm" && cell.projection) || []].flat();
    const peepholes = cell.kind === "lstm" && cell.peepholes ? ", peepholes" : "";
    return `${cell.kind === "custom" ? cell.name : cell.kind}(${sizes.join("->")}${peepholes}`;
  };
  const layers = spec.layers
    .map((layer) =>
      layer.type === "recurrent"
        ? `${form(layer.cell)}${layer.direction === "backward" ? ", backward" : ""})`
        : layer.type === "bidirectional"
          ? `bidirectional ${form(layer.forward)}, ${layer.merge})`
          : layer.type === "attention"
            ? `attention(${layer.score})`
            : layer.type,
    )
    .join(" ");
  const ends = (of: Pick<Case, "lengths" | "mask">, masked: string): string[] => [
    ...(of.lengths ? [`lengths [${of.lengths.join(", ")}]`] : []),
    ...(of.mask ? [masked] : []),
  ];
  const parts = [
    `batch ${batch}`,
    `time ${time}`,
    ...ends({ lengths, mask }, "mask"),
    ...(memory ? [`memory of ${memory.time}`, ...ends(memory, "masked")] : []),
    ...(state ? ["state given"] : []),
    ...(cuts.length > 0 ? [`cut at [${cuts.join(", ")}]`] : []),
  ];
  return `${layers}; ${parts.join(", ")}`;
}
