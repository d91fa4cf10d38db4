import { describe, expect, it } from "vitest";
import { tensor } from "../contract/tensor.js";
import { input, layers, model } from "./index.js";

const sequence = (size = 2) => input({ shape: [null, size] });
const masked = () =>
  layers
    .embedding({ inputDim: 5, outputDim: 2, maskZero: true })
    .apply(input({ shape: [null], dtype: "int32" }));

describe("layers of Keras that make sequences longer or shorter", () => {
  it("take what Keras takes first alone, or all by name", () => {
    const specOf = (layer: ReturnType<typeof layers.cropping1d>) => {
      const x = sequence();
      return model({ inputs: x, outputs: layer.apply(x) }).spec.layers[0]!;
    };
    expect(specOf(layers.zeroPadding1d())).toMatchObject({ name: "zero_padding1d", before: 1, after: 1 });
    expect(specOf(layers.zeroPadding1d(2, { name: "p" }))).toMatchObject({ name: "p", before: 2, after: 2 });
    expect(specOf(layers.zeroPadding1d({ padding: [0, 3] }))).toMatchObject({ before: 0, after: 3 });
    expect(specOf(layers.cropping1d())).toMatchObject({ name: "cropping1d", before: 1, after: 1 });
    expect(specOf(layers.cropping1d([2, 0]))).toMatchObject({ before: 2, after: 0 });
    expect(specOf(layers.upSampling1d())).toMatchObject({ name: "up_sampling1d", times: 2 });
    expect(specOf(layers.upSampling1d({ size: 3 }))).toMatchObject({ times: 3, axis: "up_sampling1d" });
    expect(specOf(layers.zeroPadding1d(0))).toMatchObject({ axis: null, maskedSteps: "ignore" });
  });

  it("work on each step of a sequence of images within timeDistributed", async () => {
    const x = input({ shape: [null, 3, 2] });
    const net = model({
      inputs: x,
      outputs: layers.timeDistributed(layers.cropping1d([1, 0])).apply(x),
    });
    net.setWeights([]);
    const { shape, data } = (await net.predict(tensor([0, 1, 2, 3, 4, 5], [1, 1, 3, 2]))) as ReturnType<
      typeof tensor
    >;
    expect([shape, [...data]]).toEqual([
      [1, 1, 2, 2],
      [2, 3, 4, 5],
    ]);
  });

  it("join what differs in time, and features as before", () => {
    const [a, b] = [sequence(), sequence()];
    const x = layers.concatenate({ axis: 1 }).apply([a, b]);
    const { spec } = model({ inputs: [a, b], outputs: layers.gru(3).apply(x) });
    expect(spec.inputs.map(({ axis }) => axis)).toEqual(["input", "input_1"]);
    expect(spec.layers[0]).toMatchObject({ type: "concatTime", axis: "concatenate", maskedSteps: "ignore" });
    for (const axis of [-1, 2]) {
      const [c, d] = [sequence(), sequence(3)];
      const y = layers.concatenate({ axis }).apply([c, d]);
      expect(model({ inputs: [c, d], outputs: y }).spec.layers[0]).toMatchObject({ type: "merge" });
    }
    const [e, f] = [input({ shape: [2] }), input({ shape: [3] })];
    const z = layers.concatenate({ axis: 1 }).apply([e, f]);
    expect(model({ inputs: [e, f], outputs: z }).spec.layers[0]).toMatchObject({ type: "merge" });
  });

  it("refuse a sequence of which a crop leaves nothing, before the engine", async () => {
    const x = sequence();
    const net = model({ inputs: x, outputs: layers.cropping1d([2, 1]).apply(x) });
    net.setWeights([]);
    await expect(net.predict(tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]))).rejects.toThrow(
      "expected time - 3 to be at least 1, got 0 with batch 1, time 3; feed a longer one",
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      "padding of three ends",
      () => layers.zeroPadding1d([1, 2, 3]),
      "zero_padding1d: expected padding as a whole number of at least 0, or [before, after], got [1,2,3]",
    ],
    ["a negative crop", () => layers.cropping1d(-1), "cropping as a whole number of at least 0"],
    ["part of a step", () => layers.upSampling1d(1.5), "size as a whole number of at least 1, got 1.5"],
    [
      "channels first",
      () => layers.zeroPadding1d({ dataFormat: "channels_first" as never }),
      "channels_last",
    ],
    ["an option of another layer", () => layers.cropping1d({ padding: 1 } as never), 'got "padding"'],
    [
      "what has no steps",
      () => layers.upSampling1d(2).apply(input({ shape: [4] })),
      "an input [batch, steps, channels], got [batch, 4]",
    ],
    [
      "too few steps without time",
      () => layers.timeDistributed(layers.cropping1d(2)).apply(input({ shape: [null, 4, 2] })),
      "an input of more than 4 steps, got 4; crop less",
    ],
    [
      "part of an axis",
      () => layers.concatenate({ axis: 0.5 }),
      "concatenate: expected axis as a whole number, got 0.5",
    ],
    [
      "the batch joined",
      () => layers.concatenate({ axis: 0 }).apply([sequence(), sequence()]),
      "expected axis -1, the last, or 1, time, got 0 of [batch, time, 2]; permute brings",
    ],
    [
      "sequences of other features in turn",
      () => layers.concatenate({ axis: 1 }).apply([sequence(), sequence(3)]),
      "float32 sequences of one shape, [batch, time, 2], got float32 [batch, time, 3]",
    ],
    [
      "a transposed convolution by another rule",
      () => layers.conv1dTranspose({ filters: 2, kernelSize: 3, padding: "causal" }),
      'conv1d_transpose: expected padding valid or same, got "causal"',
    ],
    [
      "a transposed convolution with strides and dilation",
      () => layers.conv1dTranspose({ filters: 2, kernelSize: 3, strides: 2, dilationRate: 2 }),
      "Keras refuses both at once; transposedConvolution of the core has them",
    ],
    [
      "as many steps more as strides",
      () => layers.conv1dTranspose({ filters: 2, kernelSize: 3, strides: 2, outputPadding: 2 }),
      "outputPadding below strides, 2, got 2",
    ],
    [
      "a kernel of two axes",
      () => layers.conv1dTranspose({ filters: 2, kernelSize: [3, 3] }),
      "kernelSize as a whole number of at least 1, or a list of one, got [3,3]",
    ],
    [
      "a transposed convolution of what has no time",
      () => layers.conv1dTranspose({ filters: 2, kernelSize: 3 }).apply(input({ shape: [4] })),
      "expected a sequence [batch, time, channels], got [batch, 4]",
    ],
    [
      "a transposed convolution of each step",
      () => layers.timeDistributed(layers.conv1dTranspose({ filters: 2, kernelSize: 3 })).apply(sequence()),
      "expected a sequence [batch, time, channels], got [batch, 2]",
    ],
    [
      "masked sequences in turn",
      () => layers.concatenate({ axis: 1 }).apply([masked(), sequence()]),
      "sequences without a mask, where they are joined along time, got one that is masked",
    ],
    [
      "sequences in turn with a mask that is given",
      () =>
        layers
          .concatenate({ axis: 1 })
          .apply([sequence(), sequence()], { mask: input({ shape: [null], dtype: "bool" }) }),
      "use concatTime of the core",
    ],
  ])("refuse %s", (_name, act, text) => {
    expect(act).toThrow(text);
  });
});
