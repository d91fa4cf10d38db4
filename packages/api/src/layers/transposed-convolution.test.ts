import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { fromKeras, toKeras } from "../dialects/keras/index.js";
import { fromTorch } from "../dialects/torch/index.js";
import { compile } from "../model/compile.js";
import { input, spec, transposedConvolution } from "../specification/build.js";
import { whyNotSteppable } from "../specification/state.js";
import type { Spec } from "../specification/types.js";

type Options = Parameters<typeof transposedConvolution>[0];

const of = (more: Partial<Options> = {}, axis = "time", shape = [1]): Spec =>
  spec({
    name: "one",
    inputs: [input({ name: "x", shape, axis })],
    layers: [
      transposedConvolution({
        name: "out",
        input: "x",
        inputSize: 1,
        filters: 1,
        kernelSize: 3,
        axis: "frames",
        ...more,
      }),
    ],
  });

const weights = { "out.kernel": tensor([1, 10, 100], [3, 1, 1]), "out.bias": tensor([0.5], [1]) };

/** What a kernel of 1, 10 and 100 with a bias of a half makes of rows of two numbers. */
async function made(more: Partial<Options>, how: object = {}, x = [1, 2]): Promise<number[]> {
  const model = await compile(of(more), { adapter: builtin(), weights });
  const { output } = await model.sequence({ x: tensor(x, [x.length / 2, 2, 1]) }, how);
  return [...output.data];
}

describe("a transposed convolution", () => {
  it("lays each step into the output, and adds where they overlap", async () => {
    expect(await made({})).toEqual([1.5, 12.5, 120.5, 200.5]);
    expect(await made({ stride: 2 })).toEqual([1.5, 10.5, 102.5, 20.5, 200.5]);
    expect(await made({ stride: 4 })).toEqual([1.5, 10.5, 100.5, 0.5, 2.5, 20.5, 200.5]);
    expect(await made({ dilation: 2 })).toEqual([1.5, 2.5, 10.5, 20.5, 100.5, 200.5]);
  });

  it("drops steps at the ends, and adds more after", async () => {
    expect(await made({ padding: [1, 1], axis: null })).toEqual([12.5, 120.5]);
    expect(await made({ padding: [0, 3] })).toEqual([1.5]);
    expect(await made({ padding: [0, 2], outputPadding: 1 })).toEqual([1.5, 12.5, 120.5]);
    expect(await made({ outputPadding: 2 })).toEqual([1.5, 12.5, 120.5, 200.5, 0.5, 0.5]);
  });

  it("makes nothing of a row without a step, and ends rows where their own steps do", async () => {
    const x = [1, 2, 3, 77, 77, 77];
    expect(await made({}, { lengths: [2, 1, 0] }, x)).toEqual([
      ...[1.5, 12.5, 120.5, 200.5],
      ...[3.5, 30.5, 300.5, 0],
      ...[0, 0, 0, 0],
    ]);
  });

  it.each<[string, () => Spec, string]>([
    ["no name for its time", () => of({ axis: null }), "layers[0].axis: expected a name"],
    ["a name for time that stays", () => of({ padding: [1, 1] }), "expected null, as the output is as long"],
    ["groups of two sizes", () => of({ groups: 2 }), "a divisor of the 1 channels and the 1 filters"],
    ["other channels", () => of({ inputSize: 2 }), "expected 1, the last axis"],
    ["two feature axes", () => of({}, "time", [2, 1]), "reshape joins its feature axes"],
    ["a padding of one number", () => of({ padding: 1 as never }), "expected [before, after], whole numbers"],
    ["a kernel that is too large", () => of({ kernelSize: 5000 }), "a whole number of at most 4096"],
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

  it("says why it can't be stepped", () => {
    expect(whyNotSteppable(of())).toContain("a causal convolution of the kernel turned around");
    expect(whyNotSteppable(of({ padding: [1, 1], axis: null }))).toContain("lays one step into several");
    expect(whyNotSteppable(of({ stride: 2 }))).toContain("gives 2 steps for each of its input");
    expect(whyNotSteppable(of({}, "words"))).toBeNull();
  });

  it("has its kernel where PyTorch and Keras have theirs", () => {
    const wide = of({ inputSize: 2, filters: 4, groups: 2 }, "time", [2]);
    const numbers = Float32Array.from({ length: 12 }, (_, k) => k);
    const bias = tensor([0, 0, 0, 0], [4]);
    const torch = { "out.weight": tensor(numbers, [2, 2, 3]), "out.bias": bias };
    const { weights: own } = fromTorch(wide, torch);
    // [channels, filters of a group, steps] -> [steps, channels, filters of a group]
    expect([...own["out.kernel"]!.data]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    expect(() => toKeras(wide, own)).toThrow("its transposed convolutions have no groups");
    const narrow = of({ inputSize: 2, filters: 2 }, "time", [2]);
    const keras = { "out/kernel": tensor(numbers, [3, 2, 2]), "out/bias": tensor([0, 0], [2]) };
    // [steps, filters, channels] -> [steps, channels, filters]
    expect([...fromKeras(narrow, keras).weights["out.kernel"]!.data].slice(0, 4)).toEqual([0, 2, 1, 3]);
  });
});
