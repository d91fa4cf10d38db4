import { readFileSync } from "node:fs";
import { tensor } from "@unroll/api";
import { input, type KerasModel, layers, modelFromJson } from "@unroll/api/keras";
import { describe, expect, it } from "vitest";

interface Held {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly data: readonly number[];
}
interface Recorded {
  readonly name: string;
  readonly config: object;
  readonly weights: readonly string[];
  readonly stored: readonly string[];
  readonly params: number;
  readonly inputs: readonly Held[];
  readonly outputs: readonly Held[];
}

const { models: recorded } = JSON.parse(
  readFileSync(new URL("../fixtures/keras-layers/manifest.json", import.meta.url), "utf8"),
) as { models: readonly Recorded[] };

/** As for whole models: frameworks are within 7e-7 of float64. */
const NEAR = 3e-6;

/** Weights as record.py makes them. */
function filled(model: KerasModel): KerasModel {
  model.setWeights(
    model.weightSpecs.map(({ shape }, k) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return tensor(
        Float32Array.from({ length: size }, (_, n) => Math.sin(1.3 * n + k) * 0.7),
        shape,
      );
    }),
  );
  return model;
}

async function holds(model: KerasModel, { inputs, outputs }: Recorded): Promise<void> {
  const out = await model.predict(inputs.map(({ data, shape, dtype }) => tensor(data, shape, dtype)));
  const got = Array.isArray(out) ? out : [out];
  expect(got.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  got.forEach(({ data }, k) =>
    data.forEach((value: number, n: number) =>
      expect(Math.abs(value - outputs[k]!.data[n]!), `output ${k}[${n}]`).toBeLessThan(NEAR),
    ),
  );
}

describe("layers of Keras around recurrences", () => {
  it.each(recorded.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const made = filled(modelFromJson(one.config));
    expect(made.weightSpecs.map(({ name }) => name)).toEqual(one.weights);
    expect(made.countParams()).toBe(one.params);
    await holds(made, one);
    await holds(filled(modelFromJson(made.toJson())), one);
    const other = modelFromJson(one.config);
    const weights = made.getWeights();
    other.loadWeights(Object.fromEntries(one.stored.map((name, k) => [name, weights[k]!])));
    expect(other.getWeights()).toEqual(weights);
  });

  it("refuse what Keras means otherwise, or does not have, by name", () => {
    const [a, b] = [input([null], { name: "a" }), input([null], { name: "b" })];
    const embedding = layers.Embedding(5, 3, { maskZero: true });
    const [one, other, bare] = [
      embedding.apply(a),
      embedding.apply(b),
      layers.LSTM(3, { returnSequences: true }).apply(input([null, 3])),
    ];
    for (const merge of [layers.Multiply, layers.Maximum, layers.Minimum])
      for (const second of [other, bare])
        expect(() => merge().apply([one, second])).toThrow(
          /inputs with one mask, or with none, got different/,
        );
    expect(() => layers.Subtract().apply([one, one, one])).toThrow(/subtract: expected two inputs, got 3/);
    const images = input([null, 5, 4, 2]);
    expect(() => layers.ConvLSTM2D({ filters: 2, kernelSize: 3 }).apply(one)).toThrow(
      /rows, columns, channels/,
    );
    expect(() => layers.ConvLSTM2D({ filters: 2, kernelSize: [9, 9] }).apply(images)).toThrow(/kernel/);
    expect(() => layers.ConvLSTM2D({ filters: 2, kernelSize: [3] })).toThrow(/a list of 2, got \[3\]/);
    expect(() => layers.ConvLSTM2D({ filters: 0, kernelSize: 3 })).toThrow(/filters as a whole number/);
    expect(() => layers.ConvLSTM1D({ filters: 2, kernelSize: 3, padding: "causal" })).toThrow(
      /valid or same/,
    );
    expect(() => layers.SeparableConv1D({ filters: 2, kernelSize: 3, padding: "causal" })).toThrow(/padding/);
    expect(() => layers.SeparableConv1D({ filters: 2, kernelSize: 3, depthMultiplier: 0 })).toThrow(
      /depthMul/,
    );
    expect(() => layers.SeparableConv1D({ filters: 2, kernelSize: 3, groups: 2 } as never)).toThrow(
      /"groups"/,
    );
    expect(() => layers.GaussianNoise(NaN)).toThrow(/stddev as a number/);
  });
});
