import { describe, expect, it } from "vitest";
import { tensor } from "../contract/tensor.js";
import { nn } from "./index.js";

const { parametrizations, removeSpectralNorm, removeWeightNorm, spectralNorm, weightNorm } = nn.utils;
const v = tensor([
  [3, 4],
  [0, 2],
]);
const linear = (): InstanceType<typeof nn.Linear> => new nn.Linear(2, 2, { bias: false });
const row = (...values: number[]): ReturnType<typeof tensor> => tensor([values]);

describe("nn.utils.weightNorm", () => {
  it("is the module, which runs with the weights that a file makes", async () => {
    const module = weightNorm(linear());
    module.loadStateDict({ weight_g: tensor([[10], [1]]), weight_v: v });
    expect([...(await module.run(row(1, 1))).data]).toEqual([14, 1]);
    expect(removeWeightNorm(module)).toBe(module);
    expect([...(await module.run(row(1, 1))).data]).toEqual([14, 1]);
  });

  it("takes the weights of recurrent layers by name, and another axis or none", () => {
    const lstm = weightNorm(new nn.LSTM(2, 3), "weight_hh_l0");
    expect(weightNorm(lstm, "weight_ih_l0", null)).toBe(lstm);
    expect(weightNorm(linear(), "weight", 1)).toBeInstanceOf(nn.Linear);
    const other = linear();
    expect(parametrizations.weightNorm(other)).toBe(other);
  });

  it.each<[string, () => unknown, string]>([
    ["no module", () => weightNorm({} as never), "expected a module"],
    ["no weight of it", () => weightNorm(linear(), "kernel"), 'expected weight, got "kernel"'],
    ["one of a part of it", () => weightNorm(new nn.Sequential(linear()), "0.weight"), "with weights"],
    ["no name", () => weightNorm(linear(), "__proto__"), 'expected weight, got "__proto__"'],
    ["no axis of it", () => weightNorm(linear(), "weight", 2), "dim from 0 to 1, got 2"],
    ["half an axis", () => weightNorm(linear(), "weight", 0.5), "dim from 0 to 1, got 0.5"],
    ["it twice", () => weightNorm(weightNorm(linear())), "weightNorm has it already"],
    ["both norms", () => spectralNorm(weightNorm(linear())), "weightNorm has it already"],
    ["what it was not given", () => removeWeightNorm(spectralNorm(linear())), "a weight after weightNorm"],
    ["its removal twice", () => removeWeightNorm(removeWeightNorm(weightNorm(linear()))), "a weight after"],
    ["more arguments", () => weightNorm(linear(), "weight", 0, ...([1] as never[])), "no further arguments"],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe("nn.utils.spectralNorm", () => {
  it("is the module, which runs with the weights that a file makes", async () => {
    const module = spectralNorm(linear(), "weight", 3);
    const [u, along] = [tensor([1, 0]), tensor([0, 0.5])];
    module.loadStateDict({ weight_orig: v, weight_u: u, weight_v: along });
    expect([...(await module.run(row(1, 1))).data]).toEqual([3.5, 1]);
    expect(removeSpectralNorm(module)).toBe(module);
    expect(parametrizations.spectralNorm(linear(), "weight", { eps: 1e-6, dim: 1 })).toBeInstanceOf(
      nn.Linear,
    );
  });

  it("refuses weights with values, whose vectors it would have to draw", () => {
    const module = linear();
    module.loadStateDict({ weight: v });
    expect(() => spectralNorm(module)).toThrow(
      "weight without values, which loadStateDict gives it afterwards",
    );
  });

  it.each<[string, unknown, string]>([
    ["an option that there is none of", { nIterations: 1 }, "nIterations"],
    ["no count", 0, "nPowerIterations as a whole number above 0, got 0"],
    ["no number", { eps: NaN }, "eps as a number, got NaN"],
    ["no axis", { dim: -1 }, "dim from 0 to 1, got -1"],
  ])("refuses %s", (_, options, message) => {
    expect(() => spectralNorm(linear(), "weight", options as never)).toThrow(message);
  });
});
