import { type HostTensor, type Spec, specState, tensor, unrollError, whyNotSteppable } from "@unroll/api";
import type { Run } from "@unroll/conformance";
import type { NamedRun } from "../core-case.js";
import type { Floats, RecordedTensors } from "../recorded-tensors.js";
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
  return calls.map((call, k) => {
    const chunks = calls.slice(0, k + 1).map(({ input }) => tensors.floats(input));
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

/** Results of a call under the recording's names. */
export function resultsOf(call: KerasCall, list: readonly NamedResults[string][]): NamedResults {
  return Object.fromEntries(call.results.map((result, n) => [call.prefix + result, list[n]!]));
}

/** The mask of a call, true where a step counts. */
export function maskOf({ mask }: KerasCall, tensors: RecordedTensors): HostTensor<"bool"> | undefined {
  if (mask === null) return undefined;
  const { shape, data } = tensors.stored(mask);
  return { dtype: "bool", shape, data: data as Uint8Array };
}

/** Keras lists the parts of the state in the order in which the spec has them. */
function stateOf(spec: Spec, names: readonly string[], tensors: RecordedTensors): NonNullable<Run["state"]> {
  const state: Record<string, Record<string, Floats>> = {};
  for (const [n, { layer, part }] of specState(spec).entries())
    (state[layer] ??= {})[part] = tensors.floats(names[n]!);
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
