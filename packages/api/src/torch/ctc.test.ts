import { describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { F, nn } from "./index.js";

describe("CTC loss", () => {
  const ids = (values: number[] | number[][]): torch.Tensor => torch.tensor(values, { dtype: "long" });
  // Two steps of two classes, all of one half: a label has three of four alignments, two labels none.
  const halves = torch.full([2, 1, 2], Math.log(0.5));

  it("adds up what alignments have", () => {
    expect(F.ctcLoss(halves, ids([[1]]), [2], [1]).item()).toBeCloseTo(-Math.log(0.75), 6);
    expect(F.ctcLoss(halves, ids([[1, 1]]), [2], [2]).item()).toBe(Infinity);
    expect(F.ctcLoss(halves, ids([[1, 1]]), [2], [2], { zeroInfinity: true }).item()).toBe(0);
    expect(F.ctcLoss(halves, ids([[0]]), [2], [1], { blank: 1 }).item()).toBeCloseTo(-Math.log(0.75), 6);
  });

  it("is of no labels at all the blanks alone", () => {
    const none = torch.zeros(1, 0, { dtype: "long" });
    expect(F.ctcLoss(halves, none, [2], [0]).item()).toBeCloseTo(-Math.log(0.25), 6);
  });

  it("holds for probabilities of 0, and far below what a float holds", () => {
    const sure = torch.tensor([[[-Infinity, 0]], [[-Infinity, 0]]]);
    expect(F.ctcLoss(sure, ids([[1]]), [2], [1]).item()).toBe(-0);
    const tiny = torch.full([300, 1, 2], -50);
    expect(F.ctcLoss(tiny, ids([[1]]), [300], [1]).item()).toBeGreaterThan(14900);
  });

  it("traces for each lengths anew, though they come as tensors", async () => {
    class Loss extends nn.Module {
      forward(x: torch.Tensor, y: torch.Tensor, steps: torch.Tensor): torch.Tensor {
        return F.ctcLoss(x, y, steps, [1]);
      }
    }
    const module = new Loss();
    const two = await module.run(halves, ids([[1]]), ids([2]));
    const one = await module.run(halves, ids([[1]]), ids([1]));
    expect(two.data[0]).toBeCloseTo(-Math.log(0.75), 6);
    expect(one.data[0]).toBeCloseTo(-Math.log(0.5), 6);
    await expect(module.run(halves, ids([[1]]), ids([3]))).rejects.toThrow("inputLengths from 0 to 2");
  });

  const loss =
    (...given: readonly unknown[]) =>
    (): unknown =>
      (F.ctcLoss as (...given: readonly unknown[]) => unknown)(...given);
  it.each([
    ["steps past the end", loss(halves, ids([[1]]), [3], [1]), "inputLengths from 0 to 2"],
    ["steps below 0", loss(halves, ids([[1]]), [-1], [1]), "inputLengths from 0 to 2"],
    ["steps that are no number", loss(halves, ids([[1]]), [NaN], [1]), "inputLengths from 0 to 2"],
    ["huge steps", loss(halves, ids([[1]]), [2 ** 40], [1]), "inputLengths from 0 to 2"],
    ["half a label", loss(halves, ids([[1]]), [2], [0.5]), "targetLengths from 0 to 1"],
    ["labels past the end", loss(halves, ids([[1]]), [2], [2]), "targetLengths from 0 to 1"],
    ["lengths of other rows", loss(halves, ids([[1]]), [2, 2], [1]), "1 inputLengths"],
    ["no lengths", loss(halves, ids([[1]]), undefined, [1]), "lengths"],
    ["labels that are left over", loss(halves, ids([1, 1]), [2], [1]), "targetLengths that make 2"],
    ["a label that is no class", loss(halves, ids([[2]]), [2], [1]), "places from 0 to 1"],
    ["a label below 0", loss(halves, ids([[-1]]), [2], [1]), "places from 0 to 1"],
    ["labels that are floats", loss(halves, torch.ones(1, 1), [2], [1]), "whole numbers"],
    ["targets of other rows", loss(halves, ids([[1], [1]]), [2], [1]), "targets [1, ...]"],
    ["a blank that is no class", loss(halves, ids([[1]]), [2], [1], 2), "blank from 0 to 1"],
    ["a vector", loss(torch.zeros(2), ids([[1]]), [2], [1]), "[time, batch, classes]"],
    ["ids in the place of logarithms", loss(ids([[0, 1]]), ids([1]), 1, 1), "floats"],
    ["another option", loss(halves, ids([[1]]), [2], [1], { weight: 1 }), "weight"],
    ["another reduction", loss(halves, ids([[1]]), [2], [1], { reduction: "all" }), "reduction"],
    ["a flag that is none", loss(halves, ids([[1]]), [2], [1], { zeroInfinity: 1 }), "zeroInfinity"],
    ["more arguments", loss(halves, ids([[1]]), [2], [1], 0, "sum"), "no further"],
  ])("refuses %s", (_what, act, text) => {
    expect(act).toThrow(/.*: expected .*got .*/);
    expect(act).toThrow(text);
  });
});
