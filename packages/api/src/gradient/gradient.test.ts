import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { input, spec } from "../specification/build.js";
import { recurrent } from "../layers/layers.js";
import { lstmCell } from "../layers/cells.js";
import { specWeights } from "../specification/weights.js";
import { lower } from "../lowering/lower.js";
import { tensor, type HostTensor } from "../contract/tensor.js";
import type { Program } from "../contract/program.js";
import type { Block, Value } from "../program/builder.js";
import { prepare } from "../program/prepare.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { verify } from "../program/verify.js";
import { gradient, type GradientOptions } from "./gradient.js";

async function run(
  program: Program,
  feeds: Record<string, HostTensor>,
  weights: Record<string, HostTensor> = {},
): Promise<Record<string, number[]>> {
  verify(program);
  const executable = await prepare(builtin(), program, weights);
  const results = Object.entries(await executable.run(feeds));
  const read = await Promise.all(
    results.map(async ([name, one]) => [name, Array.from((await one.read()).data)] as const),
  );
  executable.dispose();
  return Object.fromEntries(read);
}

/** A program of x [3], of whose result y [] is the sum. */
function ofVector(f: (b: Block, x: Value) => Value): Program {
  const builder = new ProgramBuilder("vector");
  const b = builder.block;
  const y = f(b, builder.input("x", { dtype: "float32", shape: [3] }));
  builder.output("y", b.squeeze(b.sum(y, 0), 0));
  return builder.finish();
}

const byX = async (f: (b: Block, x: Value) => Value, x: readonly number[]): Promise<number[]> =>
  (await run(gradient(ofVector(f), { of: "y", withRespectTo: ["x"] }), { x: tensor(x) }))["gradient.x"]!;

describe("gradient", () => {
  it("of relu is 0 at 0, of the larger of two that are equal half to each", async () => {
    expect(await byX((b, x) => b.max(x, b.constant(0)), [-1, 0, 2])).toEqual([0, 0, 1]);
    expect(await byX((b, x) => b.max(x, b.neg(x)), [-1, 0, 2])).toEqual([-1, 0, 1]);
    expect(await byX((b, x) => b.min(x, b.mul(x, b.constant(3))), [-1, 0, 2])).toEqual([3, 2, 1]);
    expect(await byX((b, x) => b.reduceMax(x, 0), [2, 1, 2])).toEqual([0.5, 0, 0.5]);
  });

  it("of powers is PyTorch's at 0", async () => {
    expect(await byX((b, x) => b.pow(x, b.constant(0)), [0, 1, 2])).toEqual([0, 0, 0]);
    expect(await byX((b, x) => b.pow(x, b.constant(2)), [0, -1, 2])).toEqual([0, -2, 4]);
    expect(await byX((b, x) => b.pow(b.constant(0), x), [0, 1, 2])).toEqual([0, 0, 0]);
  });

  it("passes select to what it chooses and nothing to the rest, whatever that is", async () => {
    const chosen = (b: Block, x: Value): Value => b.select(b.less(b.constant(0), x), x, b.log(b.exp(x)));
    expect(await byX(chosen, [NaN, 3, -1])).toEqual([NaN, 1, 1]);
    expect(await byX((b, x) => b.select(b.less(b.constant(0), x), x, b.constant(7)), [NaN, 3, -1])).toEqual([
      0, 1, 0,
    ]);
  });

  it("of a gradient is the second derivative", async () => {
    const once = gradient(
      ofVector((b, x) => b.mul(x, b.mul(x, x))),
      { of: "y", withRespectTo: ["x"], outputs: [] },
    );
    const twice = gradient(once, { of: ["gradient.x"], withRespectTo: ["x"], outputs: [] });
    const feeds = { x: tensor([1, 2, -3]), "cotangent.gradient.x": tensor([1, 1, 1]) };
    expect((await run(twice, feeds))["gradient.x"]).toEqual([6, 12, -18]);
  });

  it("of a gradient goes through scans too", async () => {
    // h' = h·x: of three steps the product, whose mixed derivatives are the other factors.
    const builder = new ProgramBuilder("product");
    const x = builder.input("x", { dtype: "float32", shape: ["time"] });
    const { carries } = builder.block.scan(
      { carries: [builder.block.constant(1)], sequences: [x] },
      (b, [h], [e]) => ({ carries: [b.mul(h!, e!)], stacked: [] }),
    );
    builder.output("y", carries[0]!);
    const once = gradient(builder.finish(), { of: "y", withRespectTo: ["x"], outputs: [] });
    expect((await run(once, { x: tensor([2, 3, 5]) }))["gradient.x"]).toEqual([15, 10, 6]);
    const twice = gradient(once, { of: ["gradient.x"], withRespectTo: ["x"], outputs: [] });
    const feeds = { x: tensor([2, 3, 5]), "cotangent.gradient.x": tensor([1, 0, 0]) };
    expect((await run(twice, feeds))["gradient.x"]).toEqual([0, 5, 3]);
  });

  it("keeps of a step what the way back asks for, and nothing else", () => {
    const builder = new ProgramBuilder("sum");
    const x = builder.input("x", { dtype: "float32", shape: ["time", 2] });
    const { carries } = builder.block.scan(
      { carries: [builder.block.constant([0, 0], [2])], sequences: [x] },
      (b, [h], [e]) => ({ carries: [b.add(h!, b.mul(b.tanh(e!), b.constant(2)))], stacked: [h!] }),
    );
    builder.output("y", carries[0]!);
    const { nodes } = gradient(builder.finish(), { of: ["y"], withRespectTo: ["x"], outputs: [] });
    const scans = nodes.filter((node) => node.kind === "scan");
    // The forward scan stacks tanh alone, and carries nothing; the other is given that and nothing else.
    expect(scans.map(({ carries, outputs }) => [carries, outputs.length])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(scans[1]!.sequences).toBe(1);
    expect(scans[1]!.reverse).toBe(true);
  });
});

describe("gradients of padded sequences", () => {
  const model = spec({
    name: "padded",
    inputs: [input({ name: "x", shape: [2] })],
    layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3 }) })],
  });
  const names = specWeights(model).map(({ name }) => name);
  const weights = Object.fromEntries(
    specWeights(model).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        tensor(
          Float32Array.from({ length: size }, (_, k) => Math.sin(k + 1)),
          shape,
        ),
      ];
    }),
  );
  const gradients = (padding: number, extent: "lengths" | "mask"): Promise<Record<string, number[]>> => {
    const extents = { time: extent };
    const program = gradient(lower(model, { mode: "sequence", extents }), {
      of: ["lstm"],
      withRespectTo: ["x", ...names],
      extents,
    });
    const x = Float32Array.from({ length: 16 }, (_, k) => (k >= 12 ? padding : Math.cos(k)));
    const zeros = tensor(new Float32Array(6), [2, 3]);
    return run(
      program,
      {
        x: tensor(x, [2, 4, 2]),
        ...(extent === "lengths"
          ? { lengths: tensor([4, 2], [2], "int32") }
          : { mask: tensor([1, 1, 1, 1, 1, 1, 0, 0], [2, 4], "bool") }),
        "state.lstm.h": zeros,
        "state.lstm.c": zeros,
        "cotangent.lstm": tensor(new Float32Array(24).fill(1), [2, 4, 3]),
      },
      weights,
    );
  };

  it.each(["lengths", "mask"] as const)("by %s get and give nothing, NaN included", async (extent) => {
    const [zero, other, none] = [
      await gradients(0, extent),
      await gradients(77, extent),
      await gradients(NaN, extent),
    ];
    expect(zero["gradient.x"]!.slice(12)).toEqual([0, 0, 0, 0]);
    expect(zero["gradient.lstm.kernel"]!.every((one) => one !== 0)).toBe(true);
    expect(other).toEqual(zero);
    expect(none).toEqual(zero);
  });

  it("are refused for ends of rows that the program is not fed", () => {
    const program = lower(model, { mode: "sequence" });
    const options = { of: ["lstm"], withRespectTo: ["x"], extents: { time: "lengths" } } as const;
    expect(() => gradient(program, options)).toThrow(
      'gradient of program "padded sequence": expected extents of axis "time" to be lengths or mask',
    );
    const odd = { ...options, extents: { time: "ends" as "mask" } };
    expect(() => gradient(program, odd)).toThrow(/extents of axis "time"/);
  });
});

describe("what gradient refuses", () => {
  const program = ofVector((b, x) => b.add(b.floor(x), b.cast(b.cast(x, "int32"), "float32")));
  const refusal = (options: object): string => {
    try {
      gradient(program, options as GradientOptions);
    } catch (error) {
      return `${(error as { code: string }).code} ${(error as Error).message}`;
    }
    return "nothing";
  };

  it("is named, with the cure", () => {
    const to = { of: "y", withRespectTo: ["x"] };
    expect(refusal(to)).toBe(
      'UNROLL_ARGUMENT gradient of program "vector": expected "x" to reach y, got ways that end at ' +
        "floor (it is constant between whole numbers), cast (its result is int32); " +
        'leave it out of withRespectTo, or say unreached: "zeros"',
    );
    expect(refusal({ ...to, unreached: "zeros" })).toBe("nothing");
    expect(refusal({ ...to, unreached: "none" })).toMatch(/^UNROLL_ARGUMENT .*refuse or zeros, got "none"/);
    expect(refusal({ ...to, keep: 1 })).toMatch(/^UNROLL_ARGUMENT .*expected options of, /);
    expect(refusal({ ...to, of: "__proto__" })).toMatch(/^UNROLL_ARGUMENT .*of to name y, got "__proto__"/);
    expect(refusal({ ...to, of: [] })).toMatch(/^UNROLL_ARGUMENT .*of to be a list of one or more names/);
    expect(refusal({ ...to, of: undefined })).toMatch(/^UNROLL_ARGUMENT .*got undefined/);
    expect(refusal({ ...to, withRespectTo: ["x", "x"] })).toMatch(/^UNROLL_ARGUMENT .*each once/);
    expect(refusal({ ...to, withRespectTo: "x" })).toMatch(/^UNROLL_ARGUMENT .*withRespectTo to be a list/);
    expect(refusal({ ...to, outputs: ["z"] })).toMatch(/^UNROLL_ARGUMENT .*outputs to name y, got "z"/);
    expect(refusal(undefined as never)).toMatch(/^UNROLL_ARGUMENT /);
  });

  it("are outputs that are no scalar, whole numbers, and names that there are already", () => {
    const builder = new ProgramBuilder("several");
    const b = builder.block;
    const x = builder.input("x", { dtype: "float32", shape: [3] });
    const at = builder.input("at", { dtype: "int32", shape: [2] });
    builder.output("rows", b.gather(x, at));
    builder.output("gradient.x", x);
    builder.output("place", b.argmax(x, 0));
    const several = builder.finish();
    const of = (options: GradientOptions) => () => gradient(several, options);
    expect(of({ of: "rows", withRespectTo: ["x"] })).toThrow(/scalar, got \[2\]; give of: \["rows"\]/);
    expect(of({ of: ["place"], withRespectTo: ["x"] })).toThrow(/expected float32, .* got "place", int32/);
    expect(of({ of: ["rows"], withRespectTo: ["at"] })).toThrow(/got "at", int32 \[2\]/);
    expect(of({ of: ["rows"], withRespectTo: ["x"] })).toThrow(/"gradient.x" twice/);
    expect(of({ of: ["rows"], withRespectTo: ["x"], outputs: ["rows"] })).not.toThrow();
  });

  it("is a program that does not hold together", () => {
    const broken = { ...program, nodes: program.nodes.slice(1) };
    expect(() => gradient(broken, { of: "y", withRespectTo: ["x"] })).toThrow(/defined before it/);
  });
});
