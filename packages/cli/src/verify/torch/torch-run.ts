import { type Spec, specState, type StatePartSpec, tensor } from "@unroll/api";
import type { Run } from "@unroll/conformance";
import { swapped, swappedFloats } from "../axes.js";
import type { NamedRun } from "../core-case.js";
import type { Floats } from "../recorded-tensors.js";
import type { CoreResults, NamedResults } from "../results.js";
import type { TorchRecording } from "./torch-recording.js";

/** A recording as a run of the core, which has its batch first; its results in PyTorch's names and axes. */
export function torchRun(spec: Spec, recording: TorchRecording): NamedRun {
  return { run: coreRun(spec, recording), named: (results) => torchResults(spec, recording, results) };
}

function coreRun(spec: Spec, { entry, input, timeFirst, state }: TorchRecording): Run {
  // A batch of 1 where there was none.
  const batched = entry.unbatched
    ? { ...input, shape: [input.shape[0]!, 1, ...input.shape.slice(1)] }
    : input;
  const x = timeFirst ? swappedFloats(batched) : input;
  return {
    inputs: { [spec.inputs[0]!.name]: x },
    lengths: entry.lengths ? tensor(entry.lengths, [entry.lengths.length], "int32") : undefined,
    state: state ? initialState(spec, state, x.shape[0]!) : undefined,
  };
}

/** State parts of one kind, in PyTorch's order: level by level, forward before backward. */
const partsOf = (spec: Spec, kind: "h" | "c"): readonly StatePartSpec[] =>
  specState(spec).filter(({ part }) => part.split(".").pop() === kind);

/** PyTorch stacks the states of all layers in one tensor. */
function initialState(
  spec: Spec,
  given: readonly Floats[],
  batch: number,
): Record<string, Record<string, Floats>> {
  const state: Record<string, Record<string, Floats>> = {};
  for (const [n, all] of given.entries())
    for (const [k, { layer, part, shape }] of partsOf(spec, n === 0 ? "h" : "c").entries()) {
      const units = shape[0]!;
      const size = batch * units;
      const own = tensor(all.data.subarray(k * size, (k + 1) * size), [batch, units]);
      (state[layer] ??= {})[part] = own;
    }
  return state;
}

function torchResults(spec: Spec, recording: TorchRecording, results: CoreResults): NamedResults {
  const { entry, timeFirst, isCell, isLstm } = recording;
  const without = (shape: readonly number[], axis: number): number[] =>
    shape.filter((_, k) => !(entry.unbatched && k === axis));
  const output = results.outputs[spec.outputs[0]!]!;
  const laid = timeFirst ? swapped(output, (size) => new Float64Array(size)) : output;
  const stacked = (kind: "h" | "c"): NamedResults[string] => {
    const list = partsOf(spec, kind).map(({ layer, part }) => results.state[layer]![part]!);
    return {
      shape: without([...(isCell ? [] : [list.length]), ...list[0]!.shape], isCell ? 0 : 1),
      data: Float64Array.from(list.flatMap(({ data }) => Array.from(data))),
    };
  };
  return {
    output: { shape: without(laid.shape, timeFirst ? 1 : 0), data: laid.data },
    h_n: stacked("h"),
    ...(isLstm ? { c_n: stacked("c") } : {}),
  };
}
