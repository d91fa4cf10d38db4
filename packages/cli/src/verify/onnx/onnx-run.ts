import { type Spec, specState, tensor } from "@unroll/api";
import type { OnnxOperator } from "@unroll/api/cells";
import type { Run } from "@unroll/conformance";
import { swapped, swappedFloats } from "../axes.js";
import type { NamedRun } from "../core-case.js";
import { type Floats, type RecordedTensors, refusal } from "../recorded-tensors.js";
import type { CoreResults, NamedResults } from "../results.js";
import type { OnnxEntry } from "./onnx-entry.js";

/** The operator's call as a run of the core, and the core's results as the operator returns them. */
export function onnxRun(
  entry: OnnxEntry,
  operator: OnnxOperator,
  spec: Spec,
  tensors: RecordedTensors,
): NamedRun {
  const [time, batch] = entry.inputs.X as [number, number, number];
  return {
    run: {
      inputs: { x: swappedFloats(tensors.floats("X", entry.inputs.X)) },
      lengths: entry.inputs["sequence_lens"] && lengthsOf(tensors, batch, time),
      state: entry.inputs["initial_h"] && { layer: initialState(operator, spec, tensors, batch) },
    },
    named: (results) => onnxResults(operator, spec, results, time, batch),
  };
}

/** @throws UNROLL_FORMAT for a length that no row of the input can have */
function lengthsOf(tensors: RecordedTensors, batch: number, time: number): Run["lengths"] {
  const lengths = Array.from(tensors.stored("sequence_lens", [batch], ["I32"]).data as Int32Array);
  const wrong = lengths.find((length) => length < 0 || length > time);
  if (wrong !== undefined)
    throw refusal(tensors.place, `sequence_lens from 0 to ${time}`, String(wrong), "sequence_lens");
  return tensor(lengths, [batch], "int32");
}

/** States of both directions lie one after the other in initial_h and initial_c. */
function initialState(
  { op, units, activations: { length: directions } }: OnnxOperator,
  spec: Spec,
  tensors: RecordedTensors,
  batch: number,
): Record<string, Floats> {
  const kinds = op === "LSTM" ? 2 : 1;
  const size = batch * units;
  const parts = specState(spec).map(({ part }, k) => {
    const direction = Math.floor(k / kinds);
    const { data } = tensors.floats(part.endsWith("c") ? "initial_c" : "initial_h", [
      directions,
      batch,
      units,
    ]);
    return [part, tensor(data.slice(direction * size, (direction + 1) * size), [batch, units])] as const;
  });
  return Object.fromEntries(parts);
}

/** Y [time, directions, batch, units], Y_h and Y_c [directions, batch, units]. */
function onnxResults(
  { op, units, activations: { length: directions } }: OnnxOperator,
  spec: Spec,
  results: CoreResults,
  time: number,
  batch: number,
): NamedResults {
  const size = batch * units;
  const sequences = spec.outputs.map((ref) =>
    swapped(results.outputs[ref]!, (length) => new Float64Array(length)),
  );
  const frames = Array.from({ length: time }, (_, t) =>
    sequences.flatMap(({ data }) => Array.from({ length: size }, (_unused, k) => data[t * size + k]!)),
  );
  const states = (kind: string): NamedResults[string] => ({
    shape: [directions, batch, units],
    data: specState(spec)
      .filter(({ part }) => part.endsWith(kind))
      .flatMap(({ layer, part }) => Array.from(results.state[layer]![part]!.data)),
  });
  return {
    Y: { shape: [time, directions, batch, units], data: frames.flat() },
    Y_h: states("h"),
    ...(op === "LSTM" ? { Y_c: states("c") } : {}),
  };
}
