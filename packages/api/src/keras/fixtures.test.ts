import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareWithBound, deriveBounds, type Float64Tensor } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { specState } from "../specification/state.js";
import { toFloat32 } from "../formats/named-tensor.js";
import { readSafetensors } from "../formats/safetensors.js";
import { kerasBindings } from "../dialects/keras/index.js";
import { fromKeras, toKeras } from "../dialects/keras/index.js";
import { layers, sequential } from "./index.js";

interface Case {
  readonly name: string;
  readonly file: string;
  readonly layer: "SimpleRNN" | "LSTM" | "GRU";
  readonly config: Readonly<Record<string, unknown>> & { readonly units: number };
  readonly bidirectional: boolean;
  readonly merge_mode: "concat" | "sum" | "mul" | "ave" | null;
  readonly features: number;
  readonly weights: readonly string[];
  readonly calls: readonly {
    readonly input: string;
    readonly mask: string | null;
    readonly initial_state: readonly string[] | null;
    readonly prefix: string;
    readonly results: readonly string[];
  }[];
  readonly masked_start_is_backend_dependent: boolean;
}

const folder = fileURLToPath(new URL("../../../../fixtures/keras-like/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as { cases: readonly Case[] };
const makers = { SimpleRNN: layers.simpleRnn, LSTM: layers.lstm, GRU: layers.gru };
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Calls of a stateful layer one after the other are one run over the inputs of all. */
function joined(chunks: readonly HostTensor<"float32">[]): HostTensor<"float32"> {
  const [batch, , size] = chunks[0]!.shape as [number, number, number];
  const rows = Array.from({ length: batch }, (_, row) =>
    chunks.flatMap(({ shape: [, time], data }) => [
      ...data.subarray(row * time! * size, (row + 1) * time! * size),
    ]),
  );
  return tensor(rows.flat(), [batch, rows[0]!.length / size, size]);
}

/** The last steps of a sequence [batch, time, size]; what has no time as it is. */
function lastSteps({ shape, data }: Float64Tensor, count: number): Float64Tensor {
  if (shape.length !== 3) return { shape, data };
  const [batch, time, size] = shape as [number, number, number];
  const rows = Array.from({ length: batch }, (_, row) => [
    ...data.subarray((row * time + time - count) * size, (row + 1) * time * size),
  ]);
  return { shape: [batch, count, size], data: Float64Array.from(rows.flat()) };
}

describe("Keras's recorded layers", () => {
  for (const one of cases) {
    for (const heldStart of one.masked_start_is_backend_dependent
      ? (["initialState", "zeros"] as const)
      : (["initialState"] as const)) {
      it(`${one.name}${heldStart === "zeros" ? " held from zeros" : ""}`, async () => {
        const { tensors } = readSafetensors(readFileSync(folder + one.file));
        const options = {
          ...Object.fromEntries(Object.entries(one.config).map(([name, value]) => [camel(name), value])),
          units: one.config.units,
          heldStart,
          inputShape: [null, one.features],
        };
        const inner = makers[one.layer](options);
        const model = sequential([
          one.bidirectional ? layers.bidirectional({ layer: inner, mergeMode: one.merge_mode }) : inner,
        ]);
        const list = one.weights.map((name) => tensors[name]!);
        model.setWeights(list);
        model
          .getWeights()
          .forEach((weight, k) =>
            expect(new Uint8Array(weight.data.buffer as ArrayBuffer)).toEqual(
              new Uint8Array(list[k]!.data.buffer as ArrayBuffer),
            ),
          );
        const bindings = kerasBindings(model.spec);
        const back = toKeras(
          model.spec,
          fromKeras(model.spec, model.namedWeights(), bindings).weights,
          bindings,
        );
        expect(back.losses).toEqual([]);
        Object.values(back.weights).forEach((weight, k) =>
          expect(new Uint8Array(weight.data.buffer as ArrayBuffer)).toEqual(
            new Uint8Array(list[k]!.data.buffer as ArrayBuffer),
          ),
        );

        for (const [n, call] of one.calls.entries()) {
          const mask = call.mask === null ? null : tensors[call.mask]!;
          const out = await model.predict(toFloat32(tensors[call.input]!), {
            ...(mask && { mask: { dtype: "bool", shape: mask.shape, data: mask.data as Uint8Array } }),
            ...(call.initial_state && {
              initialState: call.initial_state.map((name) => toFloat32(tensors[name]!)),
            }),
          });
          const results = Array.isArray(out) ? out : [out];
          expect(results).toHaveLength(call.results.length);
          const inputs = one.calls.slice(0, n + 1).map(({ input }) => toFloat32(tensors[input]!));
          const state: Record<string, Record<string, HostTensor>> = {};
          if (call.initial_state)
            for (const [k, { layer, part }] of specState(model.spec).entries())
              (state[layer] ??= {})[part] = toFloat32(tensors[call.initial_state[k]!]!);
          const { bounds } = deriveBounds(model.spec, model.canonicalWeights(), {
            inputs: { [model.spec.inputs[0]!.name]: joined(inputs) },
            mask: mask ? { dtype: "bool", shape: mask.shape, data: mask.data as Uint8Array } : undefined,
            state,
          });
          call.results.forEach((name, k) => {
            const variant = heldStart === "zeros" && name === "output" ? "alt_zero_start." : "";
            const want = (tensors[`f64.${call.prefix}${variant}${name}`] ??
              tensors[`${call.prefix}f64.${variant}${name}`]!) as Float64Tensor;
            const bound = lastSteps(bounds.outputs[model.spec.outputs[k]!]!, inputs[n]!.shape[1]!);
            expect(compareWithBound(results[k]!, want, bound).errorOverBound, name).toBeLessThan(1);
          });
        }
      });
    }
  }
});
