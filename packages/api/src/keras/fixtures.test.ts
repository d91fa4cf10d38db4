import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { HostTensor } from "../contract/tensor.js";
import { type NamedTensor, toFloat32 } from "../formats/named-tensor.js";
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

function expectClose(got: HostTensor, want: NamedTensor): void {
  expect(got.shape).toEqual(want.shape);
  let worst = 0;
  got.data.forEach((value, k) => {
    worst = Math.max(worst, Math.abs(value - (want.data as Float64Array)[k]!));
  });
  expect(worst).toBeLessThan(1e-6);
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

        for (const call of one.calls) {
          const mask = call.mask === null ? null : tensors[call.mask]!;
          const out = await model.predict(toFloat32(tensors[call.input]!), {
            ...(mask && { mask: { dtype: "bool", shape: mask.shape, data: mask.data as Uint8Array } }),
            ...(call.initial_state && {
              initialState: call.initial_state.map((name) => toFloat32(tensors[name]!)),
            }),
          });
          const results = Array.isArray(out) ? out : [out];
          expect(results).toHaveLength(call.results.length);
          call.results.forEach((name, k) => {
            const variant = heldStart === "zeros" && name === "output" ? "alt_zero_start." : "";
            expectClose(
              results[k]!,
              tensors[`f64.${call.prefix}${variant}${name}`] ??
                tensors[`${call.prefix}f64.${variant}${name}`]!,
            );
          });
        }
      });
    }
  }
});
