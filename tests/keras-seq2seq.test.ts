import { readFileSync } from "node:fs";
import { type HostTensor, tensor } from "@unroll/api";
import { input, type KerasModel, layers, model as kerasModel, sequential } from "@unroll/api/keras";
import { readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

interface LayerCase {
  readonly name: string;
  readonly kind: "Attention" | "AdditiveAttention";
  readonly options: { readonly use_scale?: boolean; readonly score_mode?: "dot" | "concat" };
  readonly inputs: readonly ("query" | "value" | "key")[];
  readonly masked: readonly ("query" | "value")[];
  readonly weights: readonly string[];
}
interface ModelCase {
  readonly name: string;
  readonly cell: "LSTM" | "GRU";
  readonly attention: LayerCase["kind"];
  readonly options: LayerCase["options"];
  readonly mask_zero: boolean;
  readonly keyed: boolean;
  readonly weights: readonly string[];
}

const folder = new URL("../fixtures/keras-seq2seq/", import.meta.url);
const recorded = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  layers: readonly LayerCase[];
  models: readonly ModelCase[];
  repeated: readonly Pick<ModelCase, "name" | "cell" | "weights">[];
};

const attention = (
  kind: LayerCase["kind"],
  { use_scale: useScale, score_mode: scoreMode }: LayerCase["options"],
  more: { name?: string; returnAttentionScores?: boolean },
) =>
  kind === "Attention"
    ? layers.attention({
        ...more,
        ...(useScale !== undefined && { useScale }),
        ...(scoreMode && { scoreMode }),
      })
    : layers.additiveAttention({ ...more, ...(useScale !== undefined && { useScale }) });

type Loaded = {
  readonly model: KerasModel;
  readonly feeds: Readonly<Record<string, HostTensor>>;
  readonly run: Run;
  readonly want: readonly { shape: readonly number[]; data: Float64Array }[];
};

const wanted = (tensors: Readonly<Record<string, unknown>>): Loaded["want"] =>
  Object.keys(tensors)
    .filter((name) => name.startsWith("f64."))
    .sort()
    .map((name) => tensors[name] as Loaded["want"][number]);

function layerModel(one: LayerCase): Loaded {
  const { tensors } = readSafetensors(readFileSync(new URL(`${one.name}.safetensors`, folder)));
  const float = (name: string): HostTensor =>
    tensor(tensors[name]!.data as Float32Array, tensors[name]!.shape);
  const feeds = Object.fromEntries(one.inputs.map((name) => [name, float(name)]));
  const masks = Object.fromEntries(
    one.masked.map((name) => [
      name,
      {
        dtype: "bool",
        shape: tensors[`mask.${name}`]!.shape,
        data: tensors[`mask.${name}`]!.data as Uint8Array,
      } as const,
    ]),
  );
  const made = one.inputs.map((name) => input({ name, shape: [null, feeds[name]!.shape[2]!] }));
  const flags = {
    query: input({ name: "query_mask", shape: [null], dtype: "bool" }),
    value: input({ name: "value_mask", shape: [null], dtype: "bool" }),
  };
  const outputs = attention(one.kind, one.options, { returnAttentionScores: true }).apply(made, {
    mask: (["query", "value"] as const).map((name) => (one.masked.includes(name) ? flags[name] : null)),
  });
  const model = kerasModel({ inputs: [...made, ...one.masked.map((name) => flags[name])], outputs });
  model.loadWeights(Object.fromEntries(one.weights.map((name) => [name, tensors[name]!])));
  return {
    model,
    want: wanted(tensors),
    feeds: { ...feeds, ...Object.fromEntries(one.masked.map((name) => [`${name}_mask`, masks[name]!])) },
    run: { inputs: feeds, mask: masks["query"], along: { value: { mask: masks["value"] } } },
  };
}

function translator(one: ModelCase): Loaded {
  const { tensors } = readSafetensors(readFileSync(new URL(`${one.name}.safetensors`, folder)));
  const ids = (name: string): HostTensor<"int32"> =>
    tensor(tensors[name]!.data as Int32Array, tensors[name]!.shape, "int32");
  const [source, target] = [
    input({ name: "source", shape: [null], dtype: "int32" }),
    input({ name: "target", shape: [null], dtype: "int32" }),
  ];
  const rnn = (name: string, returnState: boolean) =>
    (one.cell === "LSTM" ? layers.lstm : layers.gru)({ name, units: 5, returnSequences: true, returnState });
  const embed = (name: string, inputDim: number, outputDim: number) =>
    layers.embedding({ name, inputDim, outputDim, maskZero: one.mask_zero });
  const [encoded, ...initialState] = rnn("encoder", true).apply(
    embed("source_embedding", 7, 4).apply(source),
  );
  const decoded = rnn("decoder", false).apply(embed("target_embedding", 9, 3).apply(target), {
    initialState,
    // The Python code gives the mask by hand, as Keras drops it where there is an initial state.
    keepMask: one.mask_zero,
  });
  const look = attention(one.attention, one.options, { name: "look" });
  const seen = layers
    .concatenate({ name: "seen" })
    .apply([
      decoded,
      look.apply([
        decoded,
        encoded!,
        ...(one.keyed ? [layers.dense({ name: "keys", units: 5 }).apply(encoded!)] : []),
      ]),
    ]);
  const model = kerasModel({
    inputs: [source, target],
    outputs: layers.dense({ name: "words", units: 9, activation: "softmax" }).apply(seen),
  });
  model.loadWeights(Object.fromEntries(one.weights.map((name) => [name, tensors[name]!])));
  const inputs = { source: ids("source"), target: ids("target") };
  const mask = (given: HostTensor): HostTensor | undefined =>
    one.mask_zero
      ? { dtype: "bool", shape: given.shape, data: Uint8Array.from(given.data, (id) => Number(id !== 0)) }
      : undefined;
  return {
    model,
    want: wanted(tensors),
    feeds: inputs,
    run: { inputs, mask: mask(inputs.target), along: { source: { mask: mask(inputs.source) } } },
  };
}

function addition({ name, cell, weights }: (typeof recorded)["repeated"][number]): Loaded {
  const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  const rnn = cell === "LSTM" ? layers.lstm : layers.gru;
  const model = sequential([
    rnn({ units: 5, name: "encoder", inputShape: [null, 4] }),
    layers.repeatVector({ n: 3, name: "repeat" }),
    rnn({ units: 6, returnSequences: true, name: "decoder" }),
    layers.timeDistributed({ layer: layers.dense({ units: 4, activation: "softmax" }), name: "digits" }),
  ]);
  model.loadWeights(Object.fromEntries(weights.map((one) => [one, tensors[one]!])));
  const inputs = {
    [model.spec.inputs[0]!.name]: tensor(tensors["x"]!.data as Float32Array, tensors["x"]!.shape),
  };
  return { model, want: wanted(tensors), feeds: inputs, run: { inputs } };
}

const cases: [string, () => Loaded][] = [
  ...recorded.repeated.map((one): [string, () => Loaded] => [one.name, () => addition(one)]),
  ...recorded.layers.map((one): [string, () => Loaded] => [one.name, () => layerModel(one)]),
  ...recorded.models.map((one): [string, () => Loaded] => [one.name, () => translator(one)]),
];

describe.each(cases)("sequence to sequence in Keras: %s", (_name, load) => {
  it("is what the oracle computes, to 1e-12", () => {
    const { model, run, want } = load();
    const { outputs } = deriveBounds(model.spec, model.canonicalWeights(), run).exact;
    expect(want).toHaveLength(model.spec.outputs.length);
    want.forEach(({ shape, data }, k) => {
      const got = outputs[model.spec.outputs[k]!]!;
      expect(got.shape).toEqual(shape);
      got.data.forEach((value, j) =>
        expect(Math.abs(value - data[j]!), `result ${k}[${j}]`).toBeLessThan(1e-12),
      );
    });
  });

  it.each(Object.entries(engines))("runs on %s within the bound", async (_engine, make) => {
    const { model, run, want, feeds } = load();
    const { bounds } = deriveBounds(model.spec, model.canonicalWeights(), run);
    const out = await model.to(make()).predict(feeds);
    (Array.isArray(out) ? out : [out]).forEach((result, k) => {
      expect(
        compareWithBound(result, want[k]!, bounds.outputs[model.spec.outputs[k]!]!).errorOverBound,
      ).toBeLessThan(1);
    });
    model.dispose();
  });
});
