import { type Adapter, type HostTensor, specState, tensor, unrollError, whyNotSteppable } from "@unroll/api";
import { layers, sequential } from "@unroll/api/keras";
import { toFloat32 } from "@unroll/api/weights";
import { evaluate, type Float64Tensor, type Run } from "@unroll/conformance";
import {
  canStep,
  type CoreResults,
  float64,
  type NamedResults,
  type RecordedCase,
  steps,
  type Tensors,
  truthOf,
} from "./recorded.js";

/** A case of a manifest that `record.py` made of a Keras layer. */
export interface KerasEntry {
  readonly name: string;
  readonly file: string;
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly units: number };
  readonly bidirectional: boolean;
  readonly merge_mode: "concat" | "sum" | "mul" | "ave" | null;
  readonly features: number;
  readonly weights: readonly string[];
  readonly calls: readonly KerasCall[];
  readonly masked_start_is_backend_dependent: boolean;
}

interface KerasCall {
  readonly input: string;
  readonly mask: string | null;
  readonly initial_state: readonly string[] | null;
  readonly prefix: string;
  readonly results: readonly string[];
}

type Floats = HostTensor<"float32">;

const makers: Readonly<Record<string, typeof layers.lstm>> = {
  SimpleRNN: layers.simpleRnn as typeof layers.lstm,
  LSTM: layers.lstm,
  GRU: layers.gru as typeof layers.lstm,
};
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Cases of one entry: two where Keras's backends differ in what a masked step holds before the first real
 * one.
 */
export function kerasCases(entry: KerasEntry, tensors: Tensors): RecordedCase[] {
  const starts = entry.masked_start_is_backend_dependent
    ? (["initialState", "zeros"] as const)
    : (["initialState"] as const);
  return starts.map((start) => kerasCase(entry, tensors, start));
}

/**
 * @throws UNROLL_UNSUPPORTED when the facade can't express the layer, UNROLL_FORMAT when the file is not as
 * it says
 */
function kerasCase(entry: KerasEntry, tensors: Tensors, heldStart: "initialState" | "zeros"): RecordedCase {
  const name = heldStart === "zeros" ? `${entry.name} held from zeros` : entry.name;
  const place = `case "${name}"`;
  const found = (key: string): Tensors[string] => {
    const one = tensors[key];
    if (!one)
      throw unrollError({
        code: "UNROLL_FORMAT",
        place: place,
        expected: `tensor "${key}"`,
        got: "none in its file",
        cure: "record the case again",
        details: { key },
      });
    return one;
  };
  const load = (key: string): Floats => toFloat32(found(key), `${place} tensor "${key}"`);
  const maker = makers[entry.layer];
  if (!maker)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: place,
      expected: "SimpleRNN, LSTM or GRU",
      got: entry.layer,
      cure: "record its parts one by one",
      details: { layer: entry.layer },
    });

  const make = () => {
    const inner = maker({
      ...Object.fromEntries(Object.entries(entry.config).map(([key, value]) => [camel(key), value])),
      units: entry.config.units,
      heldStart,
      inputShape: [null, entry.features],
    } as Parameters<typeof maker>[0]);
    const model = sequential([
      entry.bidirectional ? layers.bidirectional({ layer: inner, mergeMode: entry.merge_mode }) : inner,
    ]);
    model.setWeights(entry.weights.map(found));
    return model;
  };
  const model = make();
  const { spec } = model;
  const weights = model.canonicalWeights();
  const parts = specState(spec);
  const maskOf = (call: KerasCall): HostTensor<"bool"> | undefined =>
    call.mask === null
      ? undefined
      : { dtype: "bool", shape: found(call.mask).shape, data: found(call.mask).data as Uint8Array };
  const runs = entry.calls.map((call, k) => runOf(call, k));
  const nameOf = (call: KerasCall, result: string): string => {
    const variant = heldStart === "zeros" && result === "output" ? "alt_zero_start." : "";
    return (
      [`f64.${call.prefix}${variant}${result}`, `${call.prefix}f64.${variant}${result}`].find(
        (key) => tensors[key],
      ) ?? `${call.prefix}f64.${variant}${result}`
    );
  };

  /** A call of a stateful layer is the end of one run over its own input and all before it. */
  function runOf(call: KerasCall, k: number): Run {
    if (k > 0 && (whyNotSteppable(spec) !== null || entry.calls.some((one) => one.mask !== null))) {
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: place,
        expected: "a stateful layer that runs forward and without a mask",
        got: `${entry.calls.length} calls of another`,
        cure: "record each call as a case with its state",
      });
    }
    const chunks = entry.calls.slice(0, k + 1).map((one) => load(one.input));
    const state = call.initial_state?.map(load);
    return {
      inputs: { [spec.inputs[0]!.name]: k === 0 ? chunks[0]! : joined(chunks) },
      mask: maskOf(call),
      state:
        state &&
        parts.reduce<Record<string, Record<string, Floats>>>(
          (made, { layer, part }, n) => ({ ...made, [layer]: { ...made[layer], [part]: state[n]! } }),
          {},
        ),
    };
  }

  /** Core results of call `k` in Keras's names, each of its own steps only. */
  const named =
    (k: number) =>
    (results: CoreResults): NamedResults =>
      Object.fromEntries(
        entry.calls[k]!.results.map((result, n) => {
          const whole = results.outputs[spec.outputs[n]!]!;
          const time = load(entry.calls[k]!.input).shape[1]!;
          return [entry.calls[k]!.prefix + result, whole.shape.length === 3 ? lastSteps(whole, time) : whole];
        }),
      );

  const facade = async (adapter: Adapter): Promise<NamedResults> => {
    const fresh = make().to(adapter);
    const results: Record<string, NamedResults[string]> = {};
    for (const call of entry.calls) {
      const mask = maskOf(call);
      const out = await fresh.predict(load(call.input), {
        ...(mask && { mask }),
        ...(call.initial_state && { initialState: call.initial_state.map(load) }),
      });
      const list = Array.isArray(out) ? out : [out];
      call.results.forEach((result, k) => {
        results[call.prefix + result] = list[k]!;
      });
    }
    fresh.dispose();
    return results;
  };

  const each = <T>(pick: (k: number) => Readonly<Record<string, T>>): Record<string, T> =>
    Object.assign({}, ...entry.calls.map((_, k) => pick(k))) as Record<string, T>;
  const truths = runs.map((run, k) => truthOf(spec, weights, run, named(k)));
  return {
    name,
    want: each<Float64Tensor>((k) =>
      Object.fromEntries(
        entry.calls[k]!.results.map((result) => [
          entry.calls[k]!.prefix + result,
          float64(tensors, nameOf(entry.calls[k]!, result), place),
        ]),
      ),
    ),
    exact: each((k) => truths[k]!.exact),
    bounds: each((k) => truths[k]!.bounds),
    modes: [
      { mode: "sequence", run: facade },
      ...(runs.every((run) => canStep(spec, run))
        ? [
            {
              mode: "step" as const,
              run: async (adapter: Adapter) => {
                const made: NamedResults[] = [];
                for (const [k, run] of runs.entries())
                  made.push(named(k)(await steps(spec, weights, run, adapter, evaluate(spec, weights, run))));
                return Object.assign({}, ...made) as NamedResults;
              },
            },
          ]
        : []),
    ],
  };
}

/** Sequences [batch, time, features] one after the other. */
function joined(chunks: readonly Floats[]): Floats {
  const [batch, , features] = chunks[0]!.shape as [number, number, number];
  const time = chunks.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const made = tensor(new Float32Array(batch * time * features), [batch, time, features]);
  for (let row = 0; row < batch; row++) {
    let at = row * time * features;
    for (const { shape, data } of chunks) {
      const size = shape[1]! * features;
      made.data.set(data.subarray(row * size, (row + 1) * size), at);
      at += size;
    }
  }
  return made;
}

function lastSteps({ shape, data }: NamedResults[string], count: number): NamedResults[string] {
  const [batch, time, features] = shape as [number, number, number];
  const values = Array.from(data);
  return {
    shape: [batch, count, features],
    data: Array.from({ length: batch }, (_, row) =>
      values.slice((row * time + time - count) * features, (row + 1) * time * features),
    ).flat(),
  };
}
