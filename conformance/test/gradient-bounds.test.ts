import { builtin, gruCell, input, pool, recurrent, simpleRnnCell, spec, tensor } from "@unroll/api";
import { describe, expect, it } from "vitest";
import type { GradientCase } from "../src/cases/gradient-cases.js";
import { gradientsEqualDualNumbers } from "../src/properties/gradients-equal-dual-numbers.js";
import { subjectOf } from "./broken-engines.js";

/** Frames of which a program counts the real ones: noise on the count makes a mean over none of them. */
function counted(): GradientCase {
  const model = spec({
    name: "counted",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [
      recurrent({
        name: "reader",
        input: "x",
        cell: simpleRnnCell({ inputSize: 1, units: 1, activation: "tanh", bias: "none" }),
      }),
      pool({
        name: "frames",
        input: "reader",
        kind: "average",
        kernelSize: [3],
        over: "time",
        strides: [2],
        padding: "same",
        axis: "frames",
        maskedSteps: "skip",
        countPadding: false,
      }),
      recurrent({ name: "writer", input: "frames", cell: gruCell({ inputSize: 1, units: 2 }) }),
    ],
    outputs: ["writer", "writer.h"],
  });
  const some = (count: number): number[] => Array.from({ length: count }, (_, k) => ((k % 5) - 2) / 8);
  return {
    spec: model,
    weights: {
      "reader.kernel": tensor([[-0.875]]),
      "reader.recurrentKernel": tensor([[0.125]]),
      "writer.kernel": tensor(some(6), [1, 6]),
      "writer.recurrentKernel": tensor(some(12), [2, 6]),
      "writer.inputBias": tensor(some(6)),
      "writer.recurrentBias": tensor(some(6)),
    },
    x: tensor([0.375], [1, 1, 1]),
    mask: [[true]],
    lengths: null,
    memory: null,
    state: null,
    batch: 1,
    time: 1,
    cuts: [0],
    direction: 1,
  } as unknown as GradientCase;
}

describe("gradients-equal-dual-numbers", () => {
  it("leaves out a case whose bound is no number, and accuses nobody of it", async () => {
    const outcome = await gradientsEqualDualNumbers.check(counted(), subjectOf(builtin()));
    expect(outcome).toMatchObject({ skipped: "bound too wide" });
  });
});
