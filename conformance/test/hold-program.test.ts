import { type Adapter, builtin, type HostTensor, tensor } from "@unroll/api";
import { type Block, type DeviceTensor, ProgramBuilder, type Value } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import type { GivenProgram } from "../src/cases/programs.js";
import { deriveProgramBounds, holdProgram } from "../src/properties/hold-program.js";
import { precisions } from "../src/tolerance/precision.js";

/** A program of one operation on one input. */
function one(numbers: readonly number[], apply: (b: Block, x: Value) => Value): GivenProgram {
  const p = new ProgramBuilder("one");
  const x = p.input("x", { dtype: "float32", shape: [numbers.length] });
  p.output("y", apply(p.block, x));
  return {
    program: p.finish(),
    feeds: { x: tensor(Float32Array.from(numbers), [numbers.length]) },
    weights: {},
  };
}
const many = (value: number): number[] => new Array<number>(500).fill(value);
const boundOf = (given: GivenProgram, precision: "f32" | "f16" = "f32", judging = {}): Float64Array =>
  deriveProgramBounds(given, precision, judging).bounds["y"]!.data;
const mean = (data: Float64Array): number => data.reduce((a, b) => a + b, 0) / data.length;

describe("deriveProgramBounds", () => {
  const { unit, activation } = precisions.f32;
  it.each([
    ["a product", (b: Block, x: Value) => b.mul(x, x), 3, Math.sqrt(1 / 3) * 9 * unit, 9],
    ["what is moved", (b: Block, x: Value) => b.reverse(x, 0), 3, 0, 3],
    ["a sine", (b: Block, x: Value) => b.sin(x), 1, Math.hypot(unit * 0.84, activation) / Math.sqrt(3), 0.84],
    [
      "an exponential",
      (b: Block, x: Value) => b.exp(x),
      3,
      (20.1 * (unit + activation)) / Math.sqrt(3),
      20.1,
    ],
    // A sum of two: partial sums 3 and 6, terms 3 and 3.
    [
      "a sum",
      (b: Block, x: Value) => b.sum(b.concat([b.expandDims(x, 1), b.expandDims(x, 1)], 1), 1),
      3,
      Math.sqrt(9 + 9 + 9 + 36) * unit,
      6,
    ],
  ] as const)("allows %s twelve deviations and one rounding", (_what, apply, x, deviation, size) => {
    const want = 12 * deviation + unit * size;
    const got = mean(boundOf(one(many(x), apply)));
    expect(got / want).toBeGreaterThan(0.85);
    expect(got / want).toBeLessThan(1.2);
  });

  it("rounds what is given to engines of 16 bits", () => {
    const { unit: rough, smallest } = precisions.f16;
    const got = mean(
      boundOf(
        one(many(3), (b, x) => b.reverse(x, 0)),
        "f16",
      ),
    );
    const want = 12 * (Math.sqrt(1 / 3) * 3 * rough) + 3 * rough + smallest;
    expect(got / want).toBeGreaterThan(0.9);
    expect(got / want).toBeLessThan(1.1);
  });

  it("allows half of what is common, or each its own", () => {
    const given = one([1, 1e-6], (b, x) => b.mul(x, x));
    const [loud, quiet] = boundOf(given);
    const [, alone] = boundOf(given, "f32", { apart: true });
    expect(quiet! / loud!).toBeGreaterThan(0.25);
    expect(quiet! / loud!).toBeLessThan(0.45);
    expect(alone!).toBeLessThan(1e-17);
  });

  it("allows the smallest normal number where all is zero", () => {
    expect([...boundOf(one([0, 0], (b, x) => b.mul(x, x)))]).toEqual(
      many(precisions.f32.smallest).slice(0, 2),
    );
  });

  it("allows integers nothing", () => {
    const p = new ProgramBuilder("ids");
    p.output(
      "y",
      p.block.add(p.input("x", { dtype: "int32", shape: [1] }), p.block.constant(1, [], "int32")),
    );
    const feeds = { x: tensor([2], [1], "int32") };
    const program = p.finish();
    for (const precision of ["f32", "f16"] as const) {
      const { exact, bounds } = deriveProgramBounds({ program, feeds, weights: {} }, precision);
      expect([...exact["y"]!.data, ...bounds["y"]!.data]).toEqual([3, precisions[precision].smallest]);
    }
    // The largest float of 16 bits is no integer's end.
    const more = { program, feeds: { x: tensor([100_000], [1], "int32") }, weights: {} };
    expect([...deriveProgramBounds(more, "f16").exact["y"]!.data]).toEqual([100_001]);
  });

  it("is infinite past the largest number, not at it", () => {
    const largest = (given: GivenProgram, precision: "f32" | "f16") => [
      ...deriveProgramBounds(given, precision).exact["y"]!.data,
    ];
    const plus = (numbers: number[]) => one(numbers, (b, x) => b.add(x, x));
    expect(largest(plus([32752, 32752 * (1 + 2 ** -13), -32768]), "f16")).toEqual([
      65504,
      65504 * (1 + 2 ** -13),
      -Infinity,
    ]);
    expect(largest(plus([32752 * 1.0003]), "f16")).toEqual([Infinity]);
    expect(largest(plus([1.7e38, 2e38]), "f32")).toEqual([2 * Math.fround(1.7e38), Infinity]);
  });

  it("adds no noise to what is not finite", () => {
    const { exact, bounds } = deriveProgramBounds(
      one([Infinity, -Infinity, NaN, 1], (b, x) => b.mul(x, x)),
      "f32",
      { apart: true },
    );
    expect([...exact["y"]!.data]).toEqual([Infinity, Infinity, NaN, 1]);
    expect(bounds["y"]!.data[3]).toBeLessThan(1e-6);
    // What comes of it may be finite again.
    const [back] = boundOf(one([Infinity], (b, x) => b.tanh(b.mul(x, x))));
    expect(back).toBeLessThan(1e-5);
  });
});

describe("holdProgram", () => {
  const given = one([3, 1], (b, x) => b.mul(x, x));
  /** The builtin engine with other results. */
  const answering = (y: HostTensor, seen: string[] = []): Adapter => ({
    ...builtin(),
    compile: async () => ({
      run: async () => ({
        y: {
          dtype: y.dtype,
          shape: y.shape,
          read: async () => y,
          dispose: () => void seen.push("result"),
        } as DeviceTensor,
      }),
      dispose: () => void seen.push("executable"),
    }),
  });
  const bound = deriveProgramBounds(given, "f32").bounds["y"]!.data;
  const float = (...values: number[]) => tensor(Float32Array.from(values), [values.length]);

  it("takes what is within its bound, and tells how far off it is", async () => {
    const worst = await holdProgram(given, answering(float(9 + 0.5 * bound[0]!, 1)));
    expect(worst).toBeGreaterThan(0.1);
    expect(worst).toBeLessThan(1);
    expect(await holdProgram(given, answering(float(9, 1)))).toBe(0);
    expect(await holdProgram(given, builtin())).toBeLessThan(1);
  });

  it("judges with others as it was told", async () => {
    const two = one([1, 1e-6], (b, x) => b.mul(x, x));
    const off = answering(float(1, 1e-12 + 1e-8));
    expect(await holdProgram(two, off)).toBeLessThan(1);
    await expect(holdProgram(two, off, { apart: true })).rejects.toThrow(/^y: expected/);
  });

  it("throws past it", async () => {
    await expect(holdProgram(given, answering(float(9, 1 + 1.5 * bound[1]!)))).rejects.toThrow(
      /^y: expected 1 within 1\.\d\de-6, got 1\.00000\d+ at element 1$/,
    );
  });

  it("throws for another dtype, array or shape", async () => {
    await expect(holdProgram(given, answering(tensor([9, 1], [2], "int32")))).rejects.toThrow(
      "y: expected dtype float32, got int32",
    );
    const boxed = { dtype: "float32", shape: [2], data: Float64Array.of(9, 1) } as unknown as HostTensor;
    await expect(holdProgram(given, answering(boxed))).rejects.toThrow("y: expected a Float32Array");
    await expect(holdProgram(given, answering(tensor([[9, 1]])))).rejects.toThrow(
      "y: expected shape [2], got [1, 2]",
    );
  });

  it("frees results and executables", async () => {
    const seen: string[] = [];
    await holdProgram(given, answering(float(9, 1), seen));
    await holdProgram(given, answering(float(8, 1), seen)).catch(() => undefined);
    expect(seen).toEqual(["result", "executable", "result", "executable"]);
  });
});
