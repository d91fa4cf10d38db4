import { readFileSync } from "node:fs";
import { type HostTensor, tensor } from "@unroll/api";
import { input, type KerasModel, layers, model } from "@unroll/api/keras";
import { describe, expect, it } from "vitest";

interface Recorded {
  readonly name: string;
  readonly weights: readonly string[];
  readonly stored: readonly string[];
  readonly inputs?: readonly (number[] | number[][])[];
  readonly output?: { readonly shape: readonly number[]; readonly data: readonly number[] };
}

const { models: recorded } = JSON.parse(
  readFileSync(new URL("../fixtures/keras-functional/manifest.json", import.meta.url), "utf8"),
) as { models: readonly Recorded[] };

const floats = (name: string, size: number) => input({ name, shape: [null, size] });
const ids = (name: string) => input({ name, shape: [null], dtype: "int32" });

/** Two sequences of ids, embedded, merged and read by an LSTM. */
const merged = (merge: () => ReturnType<typeof layers.add>, maskZero = true): KerasModel => {
  const [a, b] = [ids("a"), ids("b")];
  const one = layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(a);
  const two = layers.embedding({ inputDim: 5, outputDim: 3, maskZero }).apply(b);
  const out = layers.lstm({ units: 3, returnSequences: true }).apply(merge().apply([one, two]));
  return model({ inputs: [a, b], outputs: out });
};

/** Masked ids, embedded and read, then what lets go of the mask, read by an LSTM. */
const unmasked = (...shapes: ReturnType<typeof layers.cropping1d>[]): KerasModel => {
  const a = ids("a");
  const embedded = layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(a);
  const read = layers.gru({ units: 3, returnSequences: true }).apply(embedded);
  const seen = shapes.reduce((x, shape) => shape.apply(x), read);
  return model({ inputs: a, outputs: layers.lstm({ units: 3, returnSequences: true }).apply(seen) });
};

/** The models of record.py, statement for statement. */
const models: Readonly<Record<string, () => KerasModel>> = {
  branched() {
    const [a, b] = [floats("a", 2), floats("b", 3)];
    const late = layers.dense({ units: 4 });
    const early = layers.lstm({ units: 4 });
    const other = layers.lstm({ units: 4 });
    const x = other.apply(b);
    const y = early.apply(a);
    return model({ inputs: [a, b], outputs: late.apply(layers.concatenate().apply([y, x])) });
  },
  depths() {
    const [a, b] = [floats("a", 3), floats("b", 3)];
    const short = layers.gru({ units: 3 }).apply(a);
    let long = layers.gru({ units: 3, returnSequences: true }).apply(b);
    long = layers.lstm({ units: 3, returnSequences: true }).apply(long);
    long = layers.gru({ units: 3 }).apply(long);
    return model({ inputs: [a, b], outputs: layers.add().apply([short, long]) });
  },
  shared() {
    const [a, b] = [floats("a", 3), floats("b", 3)];
    const tower = layers.lstm({ units: 3 });
    const before = layers.dense({ units: 3 });
    const outputs = layers
      .dense({ units: 2 })
      .apply(layers.concatenate().apply([tower.apply(a), tower.apply(before.apply(b))]));
    return model({ inputs: [a, b], outputs });
  },
  wrapped() {
    const a = floats("a", 3);
    const both = layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) });
    const after = layers.lstm({ units: 2, returnSequences: true });
    const each = layers.timeDistributed({ layer: layers.dense({ units: 3 }) });
    const outputs = layers.dense({ units: 2 }).apply(each.apply(after.apply(both.apply(a))));
    return model({ inputs: a, outputs });
  },
  named() {
    const a = floats("a", 3);
    let x = layers.lstm({ units: 2, returnSequences: true, name: "decoder" }).apply(a);
    x = layers.lstm({ units: 2, returnSequences: true }).apply(x);
    return model({ inputs: a, outputs: layers.dense({ units: 2, name: "lstm_1" }).apply(x) });
  },
  looking() {
    const [query, value] = [ids("query"), ids("value")];
    const second = layers.embedding({ inputDim: 5, outputDim: 3 });
    const first = layers.embedding({ inputDim: 5, outputDim: 3 });
    const seen = layers.attention({ useScale: true }).apply([first.apply(query), second.apply(value)]);
    return model({ inputs: [query, value], outputs: layers.gru({ units: 2 }).apply(seen) });
  },
  mask_depths() {
    const [a, b, c] = [ids("a"), ids("b"), ids("c")];
    const one = layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(a);
    const two = layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(b);
    const main = layers.lstm({ units: 3 }).apply(layers.concatenate().apply([one, two]));
    let side = layers.embedding({ inputDim: 5, outputDim: 3 }).apply(c);
    side = layers
      .gru({ units: 3 })
      .apply(layers.dense({ units: 3 }).apply(layers.dense({ units: 3 }).apply(side)));
    return model({ inputs: [a, b, c], outputs: layers.add().apply([main, side]) });
  },
  concat_masks: () => merged(layers.concatenate),
  add_masks: () => merged(layers.add),
  add_one_mask: () => merged(layers.add, false),
  given_state() {
    const [source, target] = [ids("source"), ids("target")];
    const embed = (of: typeof source) =>
      layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(of);
    const [, state] = layers.gru({ units: 3, returnState: true }).apply(embed(source));
    const decoder = layers.gru({ units: 3, returnSequences: true });
    const outputs = decoder.apply(embed(target), { initialState: state! });
    return model({ inputs: [source, target], outputs });
  },
  padding_masked: () => unmasked(layers.zeroPadding1d([2, 1])),
  cropping_masked: () => unmasked(layers.cropping1d([1, 0])),
  up_sampling_masked: () => unmasked(layers.upSampling1d()),
  padding_by_nothing: () => unmasked(layers.zeroPadding1d(0), layers.cropping1d(0), layers.upSampling1d(1)),
  transposed() {
    const a = ids("a");
    let x = layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(a);
    for (const options of [
      { kernelSize: 3 },
      { kernelSize: 2, strides: 3 },
      { kernelSize: 3, strides: 2, padding: "same" },
      { kernelSize: [2], strides: 3, padding: "same" },
    ])
      x = layers.conv1dTranspose({ filters: 3, activation: "tanh", ...options }).apply(x);
    for (const options of [
      { kernelSize: 3, padding: "same", dilationRate: 2, useBias: false },
      { kernelSize: 4, strides: 2, padding: "same", outputPadding: 1 },
      { kernelSize: 3, strides: 2, outputPadding: 1 },
      { kernelSize: 5, strides: 3, padding: "same" },
    ])
      x = layers.conv1dTranspose({ filters: 2, ...options }).apply(x);
    return model({ inputs: a, outputs: layers.gru({ units: 3 }).apply(x) });
  },
  joined() {
    const [a, b] = [ids("a"), ids("b")];
    const embed = (of: typeof a) => layers.embedding({ inputDim: 5, outputDim: 3 }).apply(of);
    const [one, two] = [embed(a), embed(b)];
    const padded = layers.zeroPadding1d({ padding: [1, 0] }).apply(two);
    const seen = layers.concatenate({ axis: 1 }).apply([one, padded, one]);
    const read = layers.lstm({ units: 3, returnSequences: true });
    return model({ inputs: [a, b], outputs: read.apply(layers.cropping1d([0, 2]).apply(seen)) });
  },
  image() {
    const a = input({ name: "a", shape: [12] });
    const padded = layers.zeroPadding1d([0, 1]).apply(layers.reshape([4, 3]).apply(a));
    const x = layers.upSampling1d(2).apply(layers.cropping1d([1, 0]).apply(padded));
    const read = layers.lstm({ units: 3 }).apply(x);
    return model({ inputs: a, outputs: layers.dense({ units: 2 }).apply(read) });
  },
  masking() {
    const a = floats("a", 2);
    const masked = layers.masking(2).apply(a);
    const seen = layers.dense({ units: 2, activation: "silu" }).apply(masked);
    const read = layers.lstm({ units: 3, returnSequences: true }).apply(seen);
    const beside = layers.gru({ units: 3, returnSequences: true }).apply(a);
    const dense = layers.dense({ units: 2 }).apply(masked);
    return model({ inputs: a, outputs: layers.concatenate().apply([read, dense, beside]) });
  },
  masking_zeros() {
    const a = floats("a", 2);
    const both = layers.bidirectional({ layer: layers.gru({ units: 2 }) });
    return model({ inputs: a, outputs: both.apply(layers.masking().apply(a)) });
  },
  masking_depths() {
    const [a, b] = [floats("a", 2), floats("b", 2)];
    const main = layers.lstm({ units: 3 }).apply(layers.masking().apply(a));
    const other = layers.gru({ units: 3 }).apply(layers.dense({ units: 3 }).apply(b));
    return model({ inputs: [a, b], outputs: layers.add().apply([main, other]) });
  },
  activated() {
    const a = floats("a", 2);
    const after = [
      [layers.dense(3), layers.leakyRelu(0.3)],
      [layers.dense(3), layers.elu(0.5)],
      [layers.dense(3, { activation: "hardSilu" }), layers.relu({ negativeSlope: 0.125 })],
      [layers.dense(3, { activation: "mish" }), layers.relu(6)],
      [layers.dense(3, { activation: "relu6" }), layers.elu(), layers.leakyRelu()],
      [layers.relu(), layers.activation("swish"), layers.softmax()],
    ].flat();
    return model({ inputs: a, outputs: after.reduce((x, layer) => layer.apply(x), a) });
  },
  dense_only() {
    const a = input({ name: "a", shape: [3] });
    const last = layers.dense({ units: 2, activation: "softmax" });
    return model({ inputs: a, outputs: last.apply(layers.dense({ units: 4, activation: "relu" }).apply(a)) });
  },
};

/** Weight k as record.py fills it. */
const filled = (shape: readonly number[], k: number): HostTensor<"float32"> => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, n) => Math.sin(1.3 * n + k) * 0.7),
    shape,
  );
};

describe.each(recorded)(
  "the functional model $name of Keras",
  ({ name, weights, stored, inputs, output }) => {
    it("has its weights in Keras's order, under Keras's names, where its weights files keep them", () => {
      const made = models[name]!();
      expect(made.weightSpecs.map((one) => one.name)).toEqual(weights);
      const values = made.weightSpecs.map(({ shape }, k) => filled(shape, k));
      made.loadWeights(Object.fromEntries(stored.map((path, k) => [path, values[k]!])));
      expect(made.getWeights()).toEqual(values);
    });

    it.runIf(output)("puts out what Keras does", async () => {
      const made = models[name]!();
      made.setWeights(made.weightSpecs.map(({ shape }, k) => filled(shape, k)));
      const dtype = made.inputs[0]!.dtype;
      const got = await made.predict(inputs!.map((one) => tensor(one, undefined, dtype)));
      const { shape, data } = got as HostTensor;
      expect(shape).toEqual(output!.shape);
      // Both are float32; nothing here is larger than 1, nor longer than ten steps.
      data.forEach((value, k) => expect(Math.abs(value - output!.data[k]!)).toBeLessThan(2 ** -21));
    });
  },
);
