import { type HostTensor, type Spec, specState, tensor, unrollError, whyNotSteppable } from "@unroll/api";
import type { Run } from "@unroll/conformance";
import type { NamedRun } from "../core-case.js";
import { type Floats, type RecordedTensors, refusal } from "../recorded-tensors.js";
import type { NamedResults } from "../results.js";
import type { KerasCall, KerasEntry } from "./keras-entry.js";

/**
 * The calls of a recording as runs of the core. A call of a stateful layer is the end of one run over its own
 * input and all before it.
 *
 * @throws UNROLL_UNSUPPORTED for calls that one run can't stand for
 */
export function kerasRuns(
  entry: KerasEntry,
  spec: Spec,
  tensors: RecordedTensors,
  place: string,
): NamedRun[] {
  const { calls } = entry;
  if (calls.length > 1 && (whyNotSteppable(spec) !== null || calls.some(({ mask }) => mask !== null)))
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: "a stateful layer that runs forward and without a mask",
      got: `${calls.length} calls of another`,
      cure: "record each call as a case with its state",
    });
  const inputs = calls.map((call) => inputOf(call, entry, tensors));
  const batch = inputs[0]!.shape[0]!;
  const other = inputs.find(({ shape }) => shape[0] !== batch);
  if (other) throw refusal(place, `${batch} rows in every call`, `${other.shape[0]}`);
  return calls.map((call, k) => {
    const chunks = inputs.slice(0, k + 1);
    checkResults(call, spec, place);
    const time = chunks[k]!.shape[1]!;
    return {
      run: {
        inputs: { [spec.inputs[0]!.name]: k === 0 ? chunks[0]! : joined(chunks) },
        mask: maskOf(call, tensors),
        state: call.initial_state ? stateOf(spec, call.initial_state, tensors) : undefined,
      },
      named: ({ outputs }) =>
        resultsOf(
          call,
          spec.outputs.map((ref) => lastSteps(outputs[ref]!, time)),
        ),
    };
  });
}

/** The input of a call [batch, time, features]. */
export const inputOf = ({ input }: KerasCall, { features }: KerasEntry, tensors: RecordedTensors): Floats =>
  tensors.floats(input, ["batch", "time", features]);

/** A layer returns its output, and its state where it was asked for. */
function checkResults({ results, prefix }: KerasCall, spec: Spec, place: string): void {
  if (results.length > spec.outputs.length)
    throw refusal(place, `at most ${spec.outputs.length} results of call "${prefix}"`, `${results.length}`);
}

/** Results of a call under the recording's names. */
export function resultsOf(call: KerasCall, list: readonly NamedResults[string][]): NamedResults {
  return Object.fromEntries(call.results.map((result, n) => [call.prefix + result, list[n]!]));
}

/** The mask of a call, true where a step counts. */
export function maskOf({ mask, input }: KerasCall, tensors: RecordedTensors): HostTensor<"bool"> | undefined {
  if (mask === null) return undefined;
  const axes = tensors.floats(input).shape.slice(0, 2);
  const { shape, data } = tensors.stored(mask, axes, ["BOOL", "U8"]);
  return { dtype: "bool", shape, data: data as Uint8Array };
}

/** Keras lists the parts of the state in the order in which the spec has them. */
function stateOf(spec: Spec, names: readonly string[], tensors: RecordedTensors): NonNullable<Run["state"]> {
  const state: Record<string, Record<string, Floats>> = {};
  const parts = specState(spec);
  if (names.length !== parts.length)
    throw refusal(tensors.place, `an initial state of ${parts.length} tensors`, `${names.length}`);
  for (const [n, { layer, part }] of parts.entries()) (state[layer] ??= {})[part] = tensors.floats(names[n]!);
  return state;
}

/** Sequences [batch, time, features] one after the other. */
function joined(chunks: readonly Floats[]): Floats {
  const [batch, , features] = chunks[0]!.shape as [number, number, number];
  const time = chunks.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const whole = tensor(new Float32Array(batch * time * features), [batch, time, features]);
  for (let row = 0; row < batch; row++) {
    let at = row * time * features;
    for (const { shape, data } of chunks) {
      const size = shape[1]! * features;
      whole.data.set(data.subarray(row * size, (row + 1) * size), at);
      at += size;
    }
  }
  return whole;
}

/** The last `count` steps of a sequence; what has no time axis as it is. */
function lastSteps(whole: NamedResults[string], count: number): NamedResults[string] {
  if (whole.shape.length !== 3) return whole;
  const [batch, time, features] = whole.shape as [number, number, number];
  const values = Array.from(whole.data);
  const rows = Array.from({ length: batch }, (_, row) =>
    values.slice((row * time + time - count) * features, (row + 1) * time * features),
  );
  return { shape: [batch, count, features], data: rows.flat() };
}
