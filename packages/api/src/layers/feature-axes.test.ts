import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { compile } from "../model/compile.js";
import {
  batchNorm,
  groupNorm,
  input,
  oneHot,
  pad,
  permute,
  pickStep,
  reduce,
  reduceTime,
  reshape,
  rmsNorm,
  slice,
  spec,
  stack,
  tile,
  toSequence,
} from "../specification/build.js";
import { whyNotSteppable } from "../specification/state.js";
import type { LayerSpec, Spec } from "../specification/types.js";
import { builtin } from "../builtin/index.js";

const image = input({ name: "x", shape: [2, 3], axis: null });
const frames = input({ name: "x", shape: [2, 3] });
const of = (layer: LayerSpec, x = image): Spec => spec({ name: "one", inputs: [x], layers: [layer] });
const at = { name: "out", input: "x" } as const;
const ids = input({ name: "x", dtype: "int32", shape: [] });

/** What a layer makes of 0 to 5 in two rows of three. */
async function made(layer: LayerSpec): Promise<[shape: readonly number[], numbers: number[]]> {
  const model = await compile(of(layer), { adapter: builtin(), weights: {} });
  const { output } = await model.sequence({ x: tensor([0, 1, 2, 3, 4, 5], [1, 2, 3]) });
  return [output.shape, [...output.data]];
}

describe("layers of feature axes", () => {
  it.each<[string, LayerSpec, number[], number[]]>([
    ["reshape", reshape({ ...at, shape: [3, 2] }), [3, 2], [0, 1, 2, 3, 4, 5]],
    ["flatten", reshape({ ...at, shape: [6] }), [6], [0, 1, 2, 3, 4, 5]],
    ["permute", permute({ ...at, order: [1, 0] }), [3, 2], [0, 3, 1, 4, 2, 5]],
    ["slice", slice({ ...at, axis: 1, start: 1, length: 2 }), [2, 2], [1, 2, 4, 5]],
    ["every other", slice({ ...at, axis: 1, start: 0, length: 2, step: 2 }), [2, 2], [0, 2, 3, 5]],
    ["pad", pad({ ...at, axis: 0, after: 1, value: 7 }), [3, 3], [0, 1, 2, 3, 4, 5, 7, 7, 7]],
    ["elements", tile({ ...at, axis: 0, times: 2 }), [4, 3], [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]],
    [
      "blocks",
      tile({ ...at, axis: 0, times: 2, order: "blocks" }),
      [4, 3],
      [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5],
    ],
    [
      "stack",
      stack({ name: "out", inputs: ["x", "x"], axis: 2 }),
      [2, 3, 2],
      [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ],
    ["sum", reduce({ ...at, axis: 0, mode: "sum" }), [3], [3, 5, 7]],
    ["mean", reduce({ ...at, axis: 1, mode: "mean" }), [2], [1, 4]],
    ["max", reduce({ ...at, axis: 1, mode: "max" }), [2], [2, 5]],
    ["to a sequence", toSequence({ ...at, axis: "rows" }), [2, 3], [0, 1, 2, 3, 4, 5]],
  ])("%s", async (_name, layer, shape, numbers) => {
    expect(await made(layer)).toEqual([[1, ...shape], numbers]);
  });

  it.each<[string, () => Spec, string]>([
    ["another size", () => of(reshape({ ...at, shape: [5] })), "layers[0].shape: expected 6 elements"],
    ["an axis twice", () => of(permute({ ...at, order: [0, 0] })), "expected each feature axis once"],
    ["too few axes", () => of(permute({ ...at, order: [0] })), "expected 2 feature axes"],
    ["a slice past the end", () => of(slice({ ...at, axis: 0, start: 1, length: 2 })), "it would end at 3"],
    ["an axis that is not there", () => of(pad({ ...at, axis: 2 })), "expected a feature axis from 0 to 1"],
    ["a negative axis", () => of(tile({ ...at, axis: -1, times: 2 })), "expected a whole number from 0"],
    ["no number", () => of(pad({ ...at, axis: 0, value: NaN })), "expected a finite number"],
    ["a place past the axes", () => of(stack({ name: "out", inputs: ["x", "x"], axis: 3 })), "from 0 to 2"],
    [
      "a reduction of ids",
      () => of(reduce({ ...at, axis: 0, mode: "sum" }), ids),
      "expected a float32 value",
    ],
    ["one-hot vectors of numbers", () => of(oneHot({ ...at, depth: 3 })), "expected int32 ids"],
    ["a step without time", () => of(pickStep({ ...at, step: "last" })), "expected a float32 sequence"],
    ["time where there is none", () => of(reduceTime({ ...at, mode: "max" })), "expected a float32 sequence"],
    ["a sequence of a sequence", () => of(toSequence({ ...at, axis: "rows" }), frames), "without time"],
    [
      "a time axis that is there",
      () => of(toSequence({ ...at }), frames),
      "a time axis that is not there yet",
    ],
    ["groups of two sizes", () => of(groupNorm({ ...at, inputSize: 3, groups: 2 })), "a divisor of 3"],
    ["another size of a norm", () => of(batchNorm({ ...at, inputSize: 2 })), "expected 3, the last axis"],
    ["no epsilon", () => of(rmsNorm({ ...at, inputSize: 3, epsilon: 0 })), "a finite number above 0"],
  ])("refuse %s", (_name, build, text) => {
    let error: unknown;
    try {
      build();
    } catch (thrown) {
      error = thrown;
    }
    expect(isUnrollError(error) && error.code).toBe("UNROLL_SPEC");
    expect((error as Error).message).toContain(text);
  });

  it("say why they can't be stepped, and the last step can", () => {
    expect(whyNotSteppable(of(reduceTime({ ...at, mode: "sum" }), frames))).toContain("looks at all of");
    expect(whyNotSteppable(of(pickStep({ ...at, step: "first" }), frames))).toContain("looks back");
    expect(whyNotSteppable(of(toSequence({ ...at })))).toContain("all of");
    for (const step of ["last", "lastReal"] as const)
      expect(whyNotSteppable(of(pickStep({ ...at, step }), frames))).toBeNull();
    const among = input({ name: "x", shape: [2], axis: "words" });
    expect(whyNotSteppable(of(reduceTime({ ...at, mode: "sum" }), among))).toBeNull();
  });
});
