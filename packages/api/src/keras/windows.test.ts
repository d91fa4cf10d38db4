import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { tensor } from "../contract/tensor.js";
import { readSafetensors } from "../formats/safetensors.js";
import { input, layers, model, sequential } from "./index.js";

const ports = fileURLToPath(new URL("../../../../fixtures/ports/keras/", import.meta.url));

/** A recorded model's tensors: its weights in Keras's order, and others by name. */
function recorded(name: string) {
  const { tensors } = readSafetensors(readFileSync(`${ports}${name}.safetensors`));
  const listed = Object.keys(tensors)
    .filter((key) => key.startsWith("list/"))
    .sort();
  return { tensors, weights: listed.map((key) => tensors[key]!) };
}

describe("convolutions and pools of Keras", () => {
  it("are those of imdb_cnn_lstm.py, recorded from Keras 3.15.1", async () => {
    const net = sequential([
      layers.embedding({ inputDim: 300, outputDim: 128, inputShape: [null] }),
      layers.dropout(0.25),
      layers.conv1d({ filters: 64, kernelSize: 5, padding: "valid", activation: "relu", strides: 1 }),
      layers.maxPooling1d({ poolSize: 4 }),
      layers.lstm(70),
      layers.dense(1),
      layers.activation("sigmoid"),
    ]);
    const { tensors, weights } = recorded("imdb_cnn_lstm");
    net.setWeights(weights);
    await net.compile({ adapter: builtin() });
    const ids = tensors["in/0"]!;
    const got = await net.predict(tensor(ids.data as Int32Array, ids.shape, "int32"));
    const want = tensors["out/0"]!.data as Float32Array;
    (Array.isArray(got) ? got[0]! : got).data.forEach((value: number, k: number) =>
      expect(Math.abs(value - want[k]!)).toBeLessThan(1e-6),
    );
  });

  it("have a time of their own where they leave fewer steps", () => {
    const x = input({ shape: [null, 4] });
    const y = layers.conv1d({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }).apply(x);
    const net = model({ inputs: x, outputs: layers.gru({ units: 2, returnSequences: true }).apply(y) });
    expect(net.spec.layers.map((layer) => ("axis" in layer ? layer.axis : null))).toEqual(["conv1d", null]);
  });

  it("see no mask and pass none on", () => {
    const ids = input({ shape: [null], dtype: "int32" });
    const embedded = layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true }).apply(ids);
    const before = layers.gru({ units: 4, returnSequences: true }).apply(embedded);
    const seen = layers.conv1d({ filters: 3, kernelSize: 3, padding: "same" }).apply(before);
    const net = model({ inputs: ids, outputs: layers.gru({ units: 2 }).apply(seen) });
    const masked = net.spec.layers.flatMap((layer) =>
      layer.type === "recurrent"
        ? [layer.maskedOutput]
        : layer.type === "convolution"
          ? [layer.maskedSteps]
          : [],
    );
    expect(masked).toEqual(["hold", "ignore", "ignore"]);
  });

  it("have a mean of all steps that masks leave out, and a maximum that they don't, as in Keras", () => {
    const of = (layer: ReturnType<typeof layers.globalMaxPooling1d>, masked: boolean) => {
      const ids = input({ shape: [null], dtype: "int32" });
      const embedded = layers.embedding({ inputDim: 9, outputDim: 4, maskZero: masked }).apply(ids);
      const seen = layers.gru({ units: 4, returnSequences: true }).apply(embedded);
      const { layers: own } = model({ inputs: ids, outputs: layer.apply(seen) }).spec;
      return own.flatMap((one) => (one.type === "reduceTime" ? [`${one.mode} ${one.padding}`] : []));
    };
    expect(of(layers.globalAveragePooling1d(), true)).toEqual(["mean skip"]);
    expect(of(layers.globalMaxPooling1d(), true)).toEqual(["max include"]);
    expect(() => layers.globalMaxPooling1d({ keepdims: true as never })).toThrow("keepdims false");
    expect(() => layers.globalMaxPooling1d().apply(input({ shape: [4] }))).toThrow(
      "expected an input [batch, steps, channels], got [batch, 4]",
    );
  });

  it("have the maximum and the mean of rows and columns, at each step of a sequence too", async () => {
    const values = Float32Array.from({ length: 2 * 4 * 3 * 2 }, (_, k) => Math.sin(7 * k));
    /** Over 12 places of 2 channels, of each of 2 images. */
    const over = (fold: (all: readonly number[]) => number): number[] =>
      [0, 1].flatMap((image) =>
        [0, 1].map((channel) =>
          fold([...values.subarray(image * 24, image * 24 + 24)].filter((_, k) => k % 2 === channel)),
        ),
      );
    const wants = [over((all) => Math.max(...all)), over((all) => all.reduce((a, b) => a + b, 0) / 12)];
    const makes = [layers.globalMaxPooling2d, layers.globalAveragePooling2d];
    const forms: [shape: (number | null)[], dims: number[], each: boolean][] = [
      [[null, 3, 2], [2, 4, 3, 2], false],
      [[4, 3, 2], [2, 4, 3, 2], false],
      [[null, 4, 3, 2], [1, 2, 4, 3, 2], true],
    ];
    for (const [k, make] of makes.entries())
      for (const [shape, dims, each] of forms) {
        const x = input({ shape });
        const layer = each ? layers.timeDistributed({ layer: make() }) : make();
        const net = model({ inputs: x, outputs: layer.apply(x) });
        await net.compile({ adapter: builtin() });
        const got = await net.predict(tensor(values, dims));
        const { data, shape: made } = Array.isArray(got) ? got[0]! : got;
        expect(made).toEqual(each ? [1, 2, 2] : [2, 2]);
        [...data].forEach((value: number, at) =>
          expect(Math.abs(value - wants[k]![at]!), `${k} ${shape} ${at}`).toBeLessThan(1e-6),
        );
      }
    expect(() => layers.globalMaxPooling2d({ keepdims: true as never })).toThrow("reshape makes axes of it");
    expect(() => layers.globalMaxPooling2d().apply(input({ shape: [null, 4] }))).toThrow(
      "global_max_pooling2d: expected an input [batch, rows, columns, channels], got [batch, time, 4]",
    );
    expect(() => layers.globalAveragePooling2d({ poolSize: 2 } as never)).toThrow('got "poolSize"');
    expect(() => layers.globalAveragePooling2d({ dataFormat: "channels_first" as never })).toThrow(
      "put channels last",
    );
  });

  it.each([
    ["keras_global_max_pool2d", () => layers.globalMaxPooling2d()],
    ["keras_global_average_pool2d", () => layers.globalAveragePooling2d()],
    ["keras_average_pool2d", () => layers.averagePooling2d()],
    ["keras_max_pool2d_same", () => layers.maxPooling2d({ poolSize: [2, 3], strides: 2, padding: "same" })],
  ])("are %s, recorded from Keras 3.15.1", async (name, make) => {
    const file = new URL(`../../../../fixtures/windows/${name}.safetensors`, import.meta.url);
    const { tensors } = readSafetensors(readFileSync(file));
    const given = tensors["x"]!;
    const x = input({ shape: [null, ...given.shape.slice(2)] });
    const net = model({ inputs: x, outputs: make().apply(x) });
    await net.compile({ adapter: builtin() });
    const got = await net.predict(tensor(given.data as Float32Array, given.shape));
    const { data, shape } = Array.isArray(got) ? got[0]! : got;
    const want = tensors["f64.layer"]!;
    expect(shape).toEqual(want.shape);
    (want.data as Float64Array).forEach((value, k) => expect(Math.abs(data[k]! - value)).toBeLessThan(1e-6));
  });

  it("number two of a kind as Keras does, with no name of theirs in the way", () => {
    const x = input({ shape: [null, 3, 2] });
    const two = [1, 2].map(() => layers.globalMaxPooling2d().apply(x));
    const { spec } = model({ inputs: x, outputs: two as never });
    expect(spec.outputs.length).toBe(2);
  });

  it("refuse what they don't have", () => {
    expect(() => layers.conv1d({ filters: 2, kernelSize: 3, padding: "full" })).toThrow(
      'conv1d: expected padding valid or same or causal, got "full"; write it so',
    );
    expect(() => layers.conv2d({ filters: 2, kernelSize: 3, padding: "causal" })).toThrow(
      "only conv1d has causal",
    );
    expect(() => layers.conv1d({ filters: 2, kernelSize: [3, 3] })).toThrow(
      "kernelSize as a whole number of at least 1",
    );
    expect(() => layers.maxPooling1d({ poolSize: 0 })).toThrow("poolSize as a whole number");
    expect(() => layers.conv1d({ filters: 2, kernelSize: 3, dataFormat: "channels_first" as never })).toThrow(
      "put channels last",
    );
    expect(() => layers.conv2d({ filters: 2, kernelSize: 3 }).apply(input({ shape: [null, 4] }))).toThrow(
      "conv2d: expected an input [batch, rows, columns, channels], got [batch, time, 4]",
    );
  });
});
