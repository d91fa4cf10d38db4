import { readFileSync } from "node:fs";
import {
  compile,
  type HostTensor,
  input,
  recurrent,
  spec,
  type Spec,
  State,
  type SteppableModel,
  tensor,
  type WeightMap,
} from "@unroll/api";
import * as cells from "@unroll/api/cells";
import { type AnyTensor, fromKeras, fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly weights: "torch" | "keras";
  readonly spec: Spec;
  /** Whether it was computed in float32, as Keras gives something else in float64. */
  readonly single: boolean;
}
interface Decoder {
  readonly name: string;
  readonly cell: "bahdanauDecoderCell" | "luongDecoderCell";
  readonly options: cells.AttentionDecoderOptions;
}

const folder = new URL("../fixtures/layers-attention/", import.meta.url);
const { cases, decoders } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly Recorded[];
  decoders: readonly Decoder[];
};
const engines = Object.entries(variants).filter(([name]) =>
  ["builtin", "builtin loops", "tfjs cpu", "onnxruntime-web"].includes(name),
);

const read = (name: string): Readonly<Record<string, AnyTensor>> =>
  readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder))).tensors;
const float = ({ shape, data }: AnyTensor): HostTensor => tensor(data as Float32Array, shape);
/** Tensors whose names begin so, without that. */
const under = <T>(
  tensors: Readonly<Record<string, AnyTensor>>,
  prefix: string,
  as: (one: AnyTensor) => T,
): Record<string, T> =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, one]) => [key.slice(prefix.length), as(one)]),
  );
const mask = ({ shape, data }: AnyTensor): HostTensor<"bool"> => ({
  dtype: "bool",
  shape,
  data: data as Uint8Array,
});
const exactly = ({ data }: AnyTensor): Float64Array => data as Float64Array;

interface Loaded {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly run: Run & { readonly inputs: Readonly<Record<string, HostTensor>> };
  readonly masks: Readonly<Record<string, HostTensor<"bool">>>;
  /** Recorded results by output. */
  readonly want: Readonly<Record<string, Float64Array>>;
}

function load({ name, weights: dialect, spec: model }: Recorded): Loaded {
  const tensors = read(name);
  const inputs = Object.fromEntries(model.inputs.map((one) => [one.name, float(tensors[one.name]!)]));
  const named = under(tensors, "w.", (one) => one);
  const { weights } = (dialect === "torch" ? fromTorch : fromKeras)(model, named);
  const masks = under(tensors, "mask.", mask);
  return {
    model,
    weights,
    run: { inputs, mask: masks["time"], along: { source: { mask: masks["source"] } } },
    masks,
    want: under(tensors, "f64.", exactly),
  };
}

describe.each(cases.map((one) => [one.name, one] as const))("attention %s, recorded", (_name, recorded) => {
  const loaded = load(recorded);

  it("is what the oracle computes, to 1e-12, or 1e-6 of what is float32", () => {
    const { outputs } = evaluate(loaded.model, loaded.weights, loaded.run);
    for (const [ref, data] of Object.entries(loaded.want))
      data.forEach((value, k) =>
        expect(Math.abs(outputs[ref]!.data[k]! - value), `${ref}[${k}]`).toBeLessThan(
          recorded.single ? 1e-6 : 1e-12,
        ),
      );
  });

  it.each(engines)("is what %s computes, within the bound", async (_engine, make) => {
    const { model, weights, run, masks } = loaded;
    const { exact, bounds } = deriveBounds(model, weights, run);
    const compiled = await compile(model, { adapter: make(), weights });
    const { outputs } = await compiled.sequence(run.inputs, { mask: masks });
    for (const [ref, want] of Object.entries(exact.outputs))
      expect(compareWithBound(outputs[ref]!, want, bounds.outputs[ref]!).errorOverBound, ref).toBeLessThan(1);
    compiled.dispose();
  });
});

function loadDecoder({
  name,
  cell,
  options,
}: Decoder): Loaded & { readonly state: Record<string, HostTensor> } {
  const tensors = read(name);
  const made = cells[cell](options);
  const model = spec({
    name,
    inputs: [
      input({ name: "x", shape: [options.inputSize] }),
      input({ name: "memory", shape: [options.memorySize], axis: "source" }),
    ],
    layers: [recurrent({ name: "layer", input: "x", cell: made, reads: { memory: "memory" } })],
  });
  const state = under(tensors, "state.", float);
  const masks = under(tensors, "mask.", mask);
  const { output, ...final } = under(tensors, "f64.", exactly);
  return {
    model,
    weights: Object.fromEntries(
      Object.entries(under(tensors, "w.", float)).map(([key, one]) => [`layer.${key}`, one]),
    ),
    run: {
      inputs: { x: float(tensors["x"]!), memory: float(tensors["memory"]!) },
      state: { layer: state },
      along: { source: { mask: masks["source"] } },
    },
    masks,
    state,
    want: { layer: output!, ...final },
  };
}

describe.each(decoders.map((one) => [one.name, one] as const))("decoder %s, recorded", (_name, recorded) => {
  const loaded = loadDecoder(recorded);

  it("is what the oracle computes, to 1e-12", () => {
    const { outputs, state } = evaluate(loaded.model, loaded.weights, loaded.run);
    const got: Record<string, Float64Array> = { layer: outputs["layer"]!.data };
    for (const [part, { data }] of Object.entries(state["layer"]!)) got[`state.${part}`] = data;
    expect(Object.keys(got).sort()).toEqual(Object.keys(loaded.want).sort());
    for (const [key, data] of Object.entries(loaded.want))
      data.forEach((value, k) => expect(Math.abs(got[key]![k]! - value), `${key}[${k}]`).toBeLessThan(1e-12));
  });

  it.each(engines)("is what %s computes, whole and by steps, within the bound", async (_engine, make) => {
    const { model, weights, run, masks, state } = loaded;
    const { exact, bounds } = deriveBounds(model, weights, run);
    const compiled = (await compile(model, { adapter: make(), weights })) as unknown as SteppableModel;
    const want = exact.outputs["layer"]!;
    const held = (got: HostTensor): void =>
      expect(compareWithBound(got, want, bounds.outputs["layer"]!).errorOverBound).toBeLessThan(1);
    held((await compiled.sequence(run.inputs, { mask: masks, state: { layer: state } })).output);
    const [batch, time, size] = run.inputs["x"]!.shape as [number, number, number];
    const units = want.shape[2]!;
    const all = new Float32Array(batch * time * units);
    let s = State.fromTypedArrays({ layer: state as Record<string, HostTensor<"float32">> });
    for (let t = 0; t < time; t++) {
      const frame = Float32Array.from(
        { length: batch * size },
        (_, k) => run.inputs["x"]!.data[(Math.floor(k / size) * time + t) * size + (k % size)]!,
      );
      const inputs = { x: tensor(frame, [batch, size]), memory: run.inputs["memory"]! };
      const result = await compiled.step(inputs, s, { mask: masks });
      for (let row = 0; row < batch; row++)
        all.set(
          (result.output.data as Float32Array).subarray(row * units, (row + 1) * units),
          (row * time + t) * units,
        );
      s = result.state;
    }
    held(tensor(all, want.shape));
    compiled.dispose();
  });
});
