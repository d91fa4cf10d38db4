import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { input, layers, model } from "./index.js";

const numbers = (...shape: number[]): HostTensor<"float32"> =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + 1)),
    shape,
  );

describe("multiHeadAttention in a Keras model", () => {
  it("has Keras's weights in Keras's order and axes", () => {
    const [query, value] = [input({ shape: [null, 4] }), input({ shape: [null, 3] })];
    const heads = layers.multiHeadAttention({ numHeads: 2, keyDim: 5, valueDim: 6, name: "heads" });
    const made = model({ inputs: [query, value], outputs: heads.apply([query, value]) });
    expect(made.weightSpecs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`)).toEqual([
      "heads/query/kernel [4, 2, 5]",
      "heads/query/bias [2, 5]",
      "heads/key/kernel [3, 2, 5]",
      "heads/key/bias [2, 5]",
      "heads/value/kernel [3, 2, 6]",
      "heads/value/bias [2, 6]",
      "heads/attention_output/kernel [2, 6, 4]",
      "heads/attention_output/bias [4]",
    ]);
  });

  it.each([
    ["heads", layers.multiHeadAttention({ numHeads: 2, keyDim: 2, useCausalMask: true })],
    ["attention", layers.attention({ useCausalMask: true })],
  ])("%s with a causal mask see no step after theirs", async (_name, layer) => {
    const x = input({ shape: [null, 3] });
    const made = model({ inputs: x, outputs: layer.apply([x, x]) });
    made.setWeights(made.weightSpecs.map(({ shape }) => numbers(...shape)));
    const whole = numbers(1, 4, 3);
    const results = await Promise.all(
      [whole, tensor(whole.data.slice(0, 6), [1, 2, 3])].map(
        async (given) => (await made.predict(given)) as HostTensor,
      ),
    );
    const [all, two] = results as [HostTensor, HostTensor];
    two.data.forEach((value, k) => expect(all.data[k]).toBeCloseTo(value, 5));
  });

  it("refuses by name what it has not", () => {
    const of = (more: object) => () => layers.multiHeadAttention({ numHeads: 2, keyDim: 2, ...more });
    expect(of({ attentionAxes: [1] })).toThrow("attentionAxes");
    expect(of({ returnAttentionScores: true })).toThrow(
      "the mean over heads is the output `name.weights` of a spec",
    );
    expect(of({ outputShape: [2, 3] })).toThrow("expected outputShape as one size");
  });
});
