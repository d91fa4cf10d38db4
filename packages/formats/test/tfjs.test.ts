import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { readTfjs } from "../src/index.js";
import { packed, saved } from "./tfjs-artifacts.js";

// What TensorFlow.js itself writes and reads is the measure here.

describe("readTfjs", () => {
  it("reads what TensorFlow.js saves, whatever its shards", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4 }),
        tf.layers.lstm({ units: 4, returnSequences: true }),
        tf.layers.gru({ units: 2 }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    const artifacts = await saved(model);
    for (const size of [64, 1000, 1e6]) {
      const { json, shards } = packed(artifacts, size);
      const asked: string[] = [];
      const read = await readTfjs(json, (name) => {
        asked.push(name);
        return Promise.resolve(new Response(shards[name]!.slice()));
      });
      expect(asked).toEqual(Object.keys(shards));
      expect(read.form).toBe("layers-model");
      expect(read.configuration).toMatchObject({ class_name: "Sequential" });
      expect(Object.keys(read.tensors)).toEqual(model.weights.map(({ name }) => name));
      model.getWeights().forEach((weight, k) => {
        const { shape, data } = read.tensors[model.weights[k]!.name]!;
        expect([shape, data]).toEqual([weight.shape, weight.dataSync()]);
      });
    }
    model.dispose();
  });

  it("undoes quantisation as TensorFlow.js does, to the bit", async () => {
    const weights: tf.io.WeightsManifestEntry[] = [
      { name: "a", shape: [256], dtype: "float32", quantization: { dtype: "uint8", scale: 0.1, min: -1.53 } },
      { name: "b", shape: [2, 1], dtype: "float32", quantization: { dtype: "uint16", scale: 3e-4, min: 2 } },
      { name: "c", shape: [3], dtype: "float32", quantization: { dtype: "float16" } as never },
      // Halves on both sides of zero: -6.5, -5.5, -0.5, 0.5, 1.5.
      {
        name: "d",
        shape: [5],
        dtype: "int32",
        quantization: { dtype: "uint8", scale: 0.5, min: -6.5 },
      },
      { name: "e", shape: [2], dtype: "int32" },
      { name: "f", shape: [3], dtype: "bool" },
    ];
    const data = Uint8Array.from([
      ...Array(256).keys(),
      ...[
        1, 2, 255, 255, 0, 0x3c, 0x55, 0x35, 1, 0, 0, 2, 12, 14, 16, 7, 0, 0, 0, 255, 255, 255, 255, 1, 0, 1,
      ],
    ]);
    const { json, shards } = packed(
      { weightSpecs: weights, weightData: data.buffer, format: "layers-model" },
      11,
    );
    const { tensors, configuration } = await readTfjs(json, (name) => shards[name]!);
    expect(configuration).toBe(null);
    const theirs = tf.io.decodeWeights(data.buffer, weights);
    expect(Object.keys(tensors)).toEqual(Object.keys(theirs));
    for (const [name, one] of Object.entries(theirs)) {
      expect([name, tensors[name]!.shape]).toEqual([name, one.shape]);
      expect([...(tensors[name]!.data as Float32Array)], name).toEqual([...one.dataSync()]);
    }
  });

  it("tells a graph from layers", async () => {
    const json = { modelTopology: { node: [] }, weightsManifest: [] };
    const read = await readTfjs(new TextEncoder().encode(JSON.stringify(json)), () => new Uint8Array(0));
    expect([read.form, read.configuration]).toEqual(["graph-model", null]);
  });
});
