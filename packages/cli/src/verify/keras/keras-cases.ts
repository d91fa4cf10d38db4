import type { Adapter } from "@unroll/api";
import type { KerasModel } from "@unroll/api/keras";
import type { Float64Tensor } from "@unroll/conformance";
import { type CoreCase, stepModes, truthOf } from "../core-case.js";
import type { RecordedCase } from "../recorded.js";
import { type RecordedTensors, refusal } from "../recorded-tensors.js";
import type { NamedResults } from "../results.js";
import type { HeldStart, KerasEntry } from "./keras-entry.js";
import { kerasModel } from "./keras-model.js";
import { inputOf, kerasRuns, maskOf, resultsOf } from "./keras-runs.js";

/**
 * Cases of one entry: two where Keras's backends differ in what a masked step holds before the first real
 * one.
 *
 * @param tensorsOf the entry's tensors, with how errors name the case
 * @throws UNROLL_UNSUPPORTED when the facade can't express the layer, UNROLL_FORMAT when the file is not as
 *   it says
 */
export function kerasCases(entry: KerasEntry, tensorsOf: (place: string) => RecordedTensors): RecordedCase[] {
  const starts: readonly HeldStart[] = entry.masked_start_is_backend_dependent
    ? ["initialState", "zeros"]
    : ["initialState"];
  return starts.map((start) => {
    const name = start === "zeros" ? `${entry.name} held from zeros` : entry.name;
    const place = `case "${name}"`;
    return kerasCase(name, place, entry, start, tensorsOf(place));
  });
}

function kerasCase(
  name: string,
  place: string,
  entry: KerasEntry,
  heldStart: HeldStart,
  tensors: RecordedTensors,
): RecordedCase {
  const make = () => kerasModel(entry, heldStart, tensors, place);
  const model = make();
  const { spec } = model;
  const weights = model.canonicalWeights();
  const core: CoreCase = { spec, weights, runs: kerasRuns(entry, spec, tensors, place) };
  return {
    name,
    want: wanted(entry, heldStart, tensors),
    ...truthOf(core),
    modes: [
      { mode: "sequence", run: (adapter) => callLayer(make(), entry, tensors, adapter) },
      ...stepModes(core),
    ],
  };
}

/** Float64 results of every call. */
function wanted(
  { calls }: KerasEntry,
  heldStart: HeldStart,
  tensors: RecordedTensors,
): Record<string, Float64Tensor> {
  const want = Object.create(null) as Record<string, Float64Tensor>;
  for (const { prefix, results } of calls)
    for (const result of results) {
      if (Object.hasOwn(want, prefix + result))
        throw refusal(tensors.place, "results of different names", `"${prefix + result}" twice`);
      const variant = heldStart === "zeros" && result === "output" ? "alt_zero_start." : "";
      // The recorder has named them both ways.
      const old = `f64.${prefix}${variant}${result}`;
      const name = tensors.has(old) ? old : `${prefix}f64.${variant}${result}`;
      want[prefix + result] = tensors.result(name);
    }
  return want;
}

/** Calls the port of a layer as Keras was called, call by call. */
async function callLayer(
  made: KerasModel,
  entry: KerasEntry,
  tensors: RecordedTensors,
  adapter: Adapter,
): Promise<NamedResults> {
  const model = made.to(adapter);
  const results: Record<string, NamedResults[string]> = {};
  for (const call of entry.calls) {
    const mask = maskOf(call, tensors);
    const initialState = call.initial_state?.map((name) => tensors.floats(name));
    const output = await model.predict(inputOf(call, entry, tensors), {
      ...(mask && { mask }),
      ...(initialState && { initialState }),
    });
    Object.assign(results, resultsOf(call, Array.isArray(output) ? output : [output]));
  }
  model.dispose();
  return results;
}
