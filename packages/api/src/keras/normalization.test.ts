import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { input } from "./input.js";
import * as layers from "./layers.js";
import { sequential } from "./sequential.js";

const caught = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing";
};
const frames = input({ shape: [null, 6] });
const vector = input({ shape: [6] });
const images = input({ shape: [null, 2, 3] });

describe("Keras's normalisations and shapes", () => {
  it("have Keras's weights under its names, in its order", () => {
    const model = sequential([
      layers.batchNormalization({ inputShape: [6] }),
      layers.layerNormalization({ center: false }),
      layers.rmsNormalization(),
      layers.groupNormalization({ groups: 2 }),
    ]);
    expect(model.weightSpecs.map(({ name }) => name)).toEqual([
      "batch_normalization/gamma",
      "batch_normalization/beta",
      "batch_normalization/moving_mean",
      "batch_normalization/moving_variance",
      "layer_normalization/gamma",
      "rms_normalization/scale",
      "group_normalization/gamma",
      "group_normalization/beta",
    ]);
    expect(model.spec.layers.map((layer) => "epsilon" in layer && layer.epsilon)).toEqual([
      1e-3, 1e-3, 1e-6, 1e-3,
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ["group norm over time", () => layers.groupNormalization({ groups: 2 }).apply(frames), "timeDistributed"],
    ["32 groups of 6", () => layers.groupNormalization().apply(vector), "groups as a divisor of 6"],
    ["another axis", () => layers.batchNormalization({ axis: 1 }).apply(frames), "axis -1 or 2"],
    ["no epsilon", () => layers.layerNormalization({ epsilon: 0 }), "layer_normalization: expected epsilon"],
    ["an unknown option", () => layers.rmsNormalization({ scale: false } as never), 'got "scale"'],
    ["flat time", () => layers.flatten().apply(frames), "an input without time"],
    ["a length for time", () => layers.reshape([4, 6]).apply(frames), "targetShape with -1 first"],
    ["other elements", () => layers.reshape([4]).apply(vector), "as many elements as [4]"],
    ["two that are left", () => layers.reshape([-1, -1]), "one of which may be -1"],
    ["time moved", () => layers.permute([2, 1]).apply(frames), "dims with 1 first"],
    ["an axis left out", () => layers.permute([1, 3]), "each axis after the batch once"],
    ["too few axes", () => layers.permute([1, 2]).apply(images), "2 axes after the batch"],
  ])("refuse %s", (_name, act, text) => {
    expect(caught(act)).toContain(text);
  });

  it("work on each step where a wrapper says so", () => {
    const flat = layers.timeDistributed(layers.flatten()).apply(images);
    expect(flat.form).toEqual({ dtype: "float32", axis: "time", shape: [6] });
    const norm = layers.timeDistributed(layers.groupNormalization({ groups: 3 })).apply(frames);
    expect(norm.form.shape).toEqual([6]);
    const turned = layers.timeDistributed(layers.permute([2, 1])).apply(images);
    expect(turned.form.shape).toEqual([3, 2]);
    const parted = layers.timeDistributed(layers.reshape([3, -1])).apply(frames);
    expect(parted.form).toEqual({ dtype: "float32", axis: "time", shape: [3, 2] });
  });

  it("give what has no time steps of its own", () => {
    const steps = layers.reshape([3, 2]).apply(vector);
    expect(steps.form).toEqual({ dtype: "float32", axis: "time", shape: [2] });
    expect(layers.lstm(4).apply(steps).form.shape).toEqual([4]);
  });
});
