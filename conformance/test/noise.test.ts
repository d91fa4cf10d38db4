import type { Activation } from "@unroll/api";
import { dense, embedding, input, spec, tensor } from "@unroll/api";
import { describe, expect, it } from "vitest";
import { type Arithmetic, exact } from "../src/oracle/arithmetic.js";
import { deriveBounds } from "../src/tolerance/bounds.js";
import { compareWithBound, worse } from "../src/tolerance/compare.js";
import { noisy } from "../src/tolerance/noisy.js";
import { precisions } from "../src/tolerance/precision.js";
import { generator } from "../src/tolerance/random.js";
import { running } from "../src/tolerance/running.js";

const { f32, f16 } = precisions;
const MANY = 3000;

const rms = (data: ArrayLike<number>, from: number): number =>
  Math.sqrt(Array.from(data).reduce((sum, value) => sum + (value - from) ** 2, 0) / data.length);
const full = (value: number, length = MANY): Float64Array => new Float64Array(length).fill(value);

describe("precisions", () => {
  it("are those of the formats", () => {
    expect(Math.fround(1 + f32.unit)).toBe(1);
    expect(Math.fround(1 + 1.01 * f32.unit)).toBeGreaterThan(1);
    expect(Math.fround(f32.largest)).toBe(f32.largest);
    expect(Math.fround(f32.largest * (1 + f32.unit))).toBe(Infinity);
    expect(f32.smallest).toBe(1.1754943508222875e-38);
    expect(f32.activation).toBe(2e-7);
    const half = { unit: 1 / 2048, activation: 1 / 1024, smallest: 6.103515625e-5, largest: 65504 };
    expect(f16).toEqual(half);
    expect(precisions.mixed).toEqual(half);
  });
});

describe("noisy arithmetic", () => {
  const units: readonly (readonly [
    op: string,
    of: (m: Arithmetic<Float64Array>) => Float64Array,
    exactly: number,
    deviation: number,
  ])[] = [
    // Uniform within half an ulp: a root of 3 below it.
    ["what is given", (m) => m.from(full(3)), 3, 3 / Math.sqrt(3)],
    ["sums", (m) => m.add(full(1.5), full(-4)), -2.5, 2.5 / Math.sqrt(3)],
    ["products", (m) => m.mul(full(1.5), full(-4)), -6, 6 / Math.sqrt(3)],
    ["complements", (m) => m.complement(full(-4)), 5, 5 / Math.sqrt(3)],
    ["quotients by a number", (m) => m.divide(full(9), 4), 2.25, 2.25 / Math.sqrt(3)],
    ["quotients", (m) => m.quotient(full(9), full(4)), 2.25, 2.25 / Math.sqrt(3)],
    ["roots", (m) => m.root(full(9)), 3, 3 / Math.sqrt(3)],
    ["constants", (m) => m.constant(0.1, 1), 0.1, 0],
    // Of the sums so far: 2 and 2, 6 and 8; and 11 and 3 with a bias.
    [
      "products of matrices",
      (m) => m.affine(Float64Array.of(1, 2), Float64Array.of(...full(2), ...full(3)), MANY, undefined),
      8,
      Math.sqrt(4 + 4 + 36 + 64),
    ],
    [
      "products of matrices with a bias",
      (m) => m.affine(Float64Array.of(1, 2), Float64Array.of(...full(2), ...full(3)), MANY, full(3)),
      11,
      Math.sqrt(4 + 4 + 36 + 64 + 121 + 9),
    ],
    [
      "sums of primitives",
      (m) => m.primitives([full(8)], (given, { sum }) => [given[0]!.map((v) => sum(v, 5))])[0]!,
      8,
      5,
    ],
    [
      "values of primitives",
      (m) => m.primitives([full(-6)], (given, { value }) => [given[0]!.map((v) => value(v))])[0]!,
      -6,
      6 / Math.sqrt(3),
    ],
    // f(x) rounded, and what x rounded makes of it; f of 3 is 3/4, its slope 1/16.
    [
      "activations that are a few roundings",
      (m) => m.activate("softsign", full(3)),
      0.75,
      Math.sqrt((0.75 ** 2 + (3 / 16) ** 2 + 1) / 3),
    ],
    [
      "softmaxes",
      (m) => m.softmax(full(7, MANY)),
      1 / MANY,
      (4 * (1 + Math.log(MANY))) / MANY / Math.sqrt(3),
    ],
    ["log-softmaxes", (m) => m.logSoftmax(full(7, MANY)), -Math.log(MANY), 2 * (Math.log(MANY) + 1)],
    // The largest is not the one that is looked at.
    [
      "log-softmaxes far from the largest",
      (m) => m.logSoftmax(Float64Array.of(...full(0), 50)).subarray(0, MANY),
      -50,
      2 * (50 + 1),
    ],
  ];

  it.each(units)("%s are off by what rounding does", (_op, of, exactly, deviation) => {
    for (const precision of [f32, f16]) {
      const off = rms(of(noisy(precision, 5)), exactly) / precision.unit;
      if (deviation === 0) {
        expect(off).toBeLessThan(1);
        continue;
      }
      // 3000 numbers tell a deviation to 4 percent; f16 is so coarse that squares show.
      expect(off / deviation).toBeGreaterThan(0.92);
      expect(off / deviation).toBeLessThan(1.08);
    }
  });

  it("leaves alone what no engine rounds", () => {
    const m = noisy(f32, 5);
    const given = Float64Array.of(0.1, -3, 0);
    expect(m.zeros(3)).toEqual(new Float64Array(3));
    expect(m.values(given)).toBe(given);
    expect(m.activate("linear", given)).toEqual(given);
    expect(m.activate("relu", given)).toEqual(Float64Array.of(0.1, 0, 0));
    expect(m.clamp(given, 1)).toEqual(Float64Array.of(0.1, -1, 0));
    expect(m.clamp(Float64Array.of(3), 1)).toEqual(Float64Array.of(1));
    expect(m.larger(given, Float64Array.of(-1, -2, NaN))).toEqual(Float64Array.of(0.1, -2, NaN));
    expect(m.slice(given, 1, 2)).toEqual(Float64Array.of(-3, 0));
    expect(m.concat([given, given])).toEqual(Float64Array.of(0.1, -3, 0, 0.1, -3, 0));
    expect(m.constant(0.5, 2)).toEqual(Float64Array.of(0.5, 0.5));
    expect(m.constant(0.1, 2)).not.toEqual(Float64Array.of(0.1, 0.1));
  });

  it.each(["tanh", "sigmoid", "softplus", "elu"] as const)("%s is approximated", (name) => {
    // By turns a sine of the argument, whose own deviation is a root of 2 below its height, and its height
    // itself.
    const at = -0.5;
    const want = exact.activate(name, Float64Array.of(at))[0]!;
    const off = Array.from({ length: MANY }, (_, k) => noisy(f32, k).activate(name, Float64Array.of(at))[0]!);
    const deviation = Math.hypot(f32.activation * Math.sqrt(3 / 4), (f32.unit * want) / Math.sqrt(3));
    expect(rms(off, want) / deviation).toBeGreaterThan(0.95);
    expect(rms(off, want) / deviation).toBeLessThan(1.05);
    // And it is a smooth function of it, at most 20 radians for each 1, as approximations are.
    const smooth = { ...f32, unit: 1e-12, activation: 1e-3 };
    for (let seed = 0; seed < 100; seed++) {
      const m = noisy(smooth, seed);
      const [a, b] = m.activate(name, Float64Array.of(at, at + 0.001));
      const [x, y] = exact.activate(name, Float64Array.of(at, at + 0.001));
      expect(Math.abs(a! - x! - (b! - y!))).toBeLessThan(0.0201 * smooth.activation);
    }
  });

  it.each([0.25, 40])("a primitive that is approximated, of %d, is off by a share of its size", (size) => {
    const approximated = { op: "exp", argument: 1 };
    const off = Array.from(
      { length: MANY },
      (_, k) =>
        noisy(f32, k).primitives([full(size, 1)], ([given], { value }) => [
          Float64Array.of(value(given![0]!, approximated)),
        ])[0]![0]!,
    );
    const deviation = Math.hypot(
      f32.activation * Math.max(1, size) * Math.sqrt(3 / 4),
      (f32.unit * size) / Math.sqrt(3),
    );
    expect(rms(off, size) / deviation).toBeGreaterThan(0.95);
    expect(rms(off, size) / deviation).toBeLessThan(1.05);
  });

  it("approximates one operation by one function", () => {
    const m = noisy(f16, 3);
    const [given] = m.primitives([full(1, 40)], ([x], { value }) => [
      x!.map((one, k) => value(one, { op: k % 2 === 0 ? "sin" : "cos", argument: 2 })),
    ]);
    const mean = (which: number): number =>
      given!.reduce((sum, v, k) => (k % 2 === which ? sum + v / 20 : sum), 0);
    const each = given!.map((value, k) => value - mean(k % 2));
    // Of one function nothing is left but the rounding; the other is another one.
    expect(Math.max(...each.map(Math.abs))).toBeLessThan(2 * f16.unit);
    expect(Math.abs(mean(0) - mean(1))).toBeGreaterThan(f16.unit / 4);
  });

  it("flushes what is below the smallest normal number", () => {
    const m = noisy(f32, 5);
    const tiny = f32.smallest / 4;
    expect(rms(m.from(full(tiny)), tiny) / tiny).toBeCloseTo(1 / Math.sqrt(3), 1);
    expect(rms(m.from(full(-tiny)), -tiny) / tiny).toBeCloseTo(1 / Math.sqrt(3), 1);
    const above = 2 * f32.smallest;
    expect(rms(m.from(full(above)), above) / above).toBeLessThan(f32.unit);
    const sum = (spread: number) =>
      rms(m.primitives([full(0)], ([x], { sum: of }) => [x!.map((v) => of(v, spread))])[0]!, 0);
    // What went into a sum may have been flushed: all of it, or the smallest normal number at most.
    expect(sum(tiny) / tiny).toBeCloseTo(1, 1);
    expect(sum(0.9 * f32.smallest) / f32.smallest).toBeCloseTo(0.9, 1);
    expect(sum(above) / f32.smallest).toBeCloseTo(1, 1);
    expect(sum(5 * above) / f32.smallest).toBeCloseTo(1, 1);
    expect(sum(1) / f32.unit).toBeCloseTo(1, 1);
  });

  it("is infinite past the largest number", () => {
    const m = noisy(f16, 5);
    expect(m.mul(full(300, 1), full(300, 1))).toEqual(full(Infinity, 1));
    expect(m.mul(full(-300, 1), full(300, 1))).toEqual(full(-Infinity, 1));
    expect(m.add(full(6e4, 1), full(5e3, 1))[0]).toBeLessThan(65504);
    expect(m.add(full(-6e4, 1), full(-5e3, 1))[0]).toBeGreaterThan(-65504);
    expect(m.add(full(6e4, 1), full(6e3, 1))[0]).toBe(Infinity);
    expect(m.affine(full(300, 1), full(300, 1), 1, undefined)[0]).toBe(Infinity);
    expect(m.primitives([full(1, 1)], (_, { sum }) => [full(sum(1e5, 1), 1)])[0]![0]).toBe(Infinity);
  });
});

describe("the running bound of each operation", () => {
  const m = running({ unit: 0.01, activation: 0.001, smallest: 1e-9, largest: 1e9 });
  const off = (value: number[], error: number[]) => ({
    value: Float64Array.from(value),
    error: Float64Array.from(error),
  });
  const [two, three] = [off([2], [0.1]), off([-3], [0.2])];
  const pair = off([0, Math.log(3)], [0.1, 0.02]);
  const worked: readonly (readonly [op: string, got: { error: Float64Array }, want: number[]])[] = [
    ["from", m.from([5, -7]), [0.05, 0.07]],
    ["zeros", m.zeros(2), [0, 0]],
    ["add", m.add(two, three), [0.3 + 0.01]],
    ["mul", m.mul(two, three), [2 * 0.2 + 3 * 0.1 + 0.06]],
    ["complement", m.complement(three), [0.2 + 0.04]],
    ["divide", m.divide(two, 4), [0.1 / 4 + 0.005]],
    ["quotient", m.quotient(two, three), [(0.1 + (2 / 3) * 0.2) / 3 + 0.01 * (2 / 3)]],
    ["root", m.root(off([4], [0.4])), [0.1 + 0.02]],
    ["root of what is small beside its error", m.root(off([1e-6, 0], [0.01, 0.01])), [0.1 + 1e-5, 0.1]],
    ["root of an exact zero", m.root(off([0], [0])), [0]],
    ["clamp", m.clamp(off([9], [0.3]), 1), [0.3]],
    ["larger", m.larger(two, three), [0.2]],
    ["constant", m.constant(-8, 1), [0.08]],
    [
      "affine",
      m.affine(off([2, -3], [0.1, 0.2]), off([4, 5], [0.3, 0.4]), 1, undefined),
      [2 * 0.3 + 4 * 0.1 + 3 * 0.4 + 5 * 0.2 + 2 * 0.01 * (8 + 15)],
    ],
    [
      "affine with a bias",
      m.affine(off([2], [0.1]), off([4], [0.3]), 1, off([-7], [0.5])),
      [2 * 0.3 + 4 * 0.1 + 0.5 + 2 * 0.01 * (8 + 7)],
    ],
    ["softmax", m.softmax(pair), [0.25 * 2 * (0.1 + 0.06), 0.75 * 2 * (0.1 + 0.06)]],
    ["logSoftmax", m.logSoftmax(pair), [0.25, 0.75].map((y) => 0.2 + 0.06 * (1 + Math.abs(Math.log(y))))],
    ["slice", m.slice(off([1, 2, 3], [4, 5, 6]), 1, 2), [5, 6]],
    ["concat", m.concat([two, three]), [0.1, 0.2]],
    ["linear", m.activate("linear", two), [0.1 + 0.02]],
    ["relu", m.activate("relu", two), [0.1 + 0.02]],
  ];
  it.each(worked)("%s", (_op, { error }, want) => {
    expect(error.length).toBe(want.length);
    want.forEach((value, k) => expect(error[k]! / (value || 1)).toBeCloseTo(value === 0 ? 0 : 1, 9));
  });

  const steepest: Readonly<Record<Exclude<Activation, "linear" | "relu">, number>> = {
    tanh: 1,
    sigmoid: 1 / 4,
    hardSigmoidSixth: 1 / 6,
    hardSigmoidFifth: 1 / 5,
    softsign: 1,
    softplus: 1,
    elu: 1,
    leakyRelu: 1,
  };
  it.each(Object.entries(steepest) as [Activation, number][])("%s goes up by %d at most", (name, slope) => {
    const { value, error } = m.activate(name, two);
    expect(error[0]! / (slope * 0.1 + 0.001 + 0.01 * Math.abs(value[0]!))).toBeCloseTo(1, 9);
    // Nowhere is it steeper, and somewhere, or far out, it is as steep.
    const at = Float64Array.from({ length: 2001 }, (_, k) => (k - 1000) / 50);
    const y = exact.activate(name, at);
    const slopes = Array.from({ length: 2000 }, (_, k) => (y[k + 1]! - y[k]!) * 50);
    expect(Math.max(...slopes)).toBeLessThan(slope + 1e-6);
    expect(Math.max(...slopes)).toBeGreaterThan(0.97 * slope);
  });

  it("says nothing of custom cells", () => {
    expect(() => m.primitives([], () => [])).toThrow(/expected a spec without custom cells, got one/);
  });
});

describe("derived bounds, number by number", () => {
  const model = (units: number) =>
    spec({
      name: "m",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [dense({ name: "out", input: "x", inputSize: 1, units, bias: "none" })],
    });
  const x = tensor(new Float32Array(400).fill(3), [1, 400, 1]);
  const of = (kernel: number[], data = x, precision: "f32" | "f16" = "f32") =>
    deriveBounds(
      model(kernel.length),
      { "out.kernel": tensor(Float32Array.from(kernel), [1, kernel.length]) },
      { inputs: { x: data } },
      { samples: 16, precision },
    ).bounds.outputs["out"]!.data;
  const mean = (data: Float64Array, every = 1, first = 0): number => {
    const own = data.filter((_, k) => k % every === first);
    return own.reduce((a, b) => a + b, 0) / own.length;
  };

  it("are twelve deviations and one rounding", () => {
    // A weight and an input, each uniform; a product and a sum of it, as a whole.
    const deviation = Math.sqrt(1 / 3 + 1 / 3 + 2);
    for (const precision of ["f32", "f16"] as const) {
      const size = mean(of([2], x, precision)) / precisions[precision].unit / 6;
      expect(size).toBeGreaterThan(0.9 * (12 * deviation + 1));
      expect(size).toBeLessThan(1.1 * (12 * deviation + 1));
    }
  });

  it("are half of what is common for what is quieter than the others", () => {
    const both = of([2, 2e-6]);
    const [loud, quiet] = [mean(both, 2, 0), mean(both, 2, 1)];
    expect(quiet / loud).toBeGreaterThan(0.9 * 0.5 * Math.SQRT1_2 * (12 / 12.6));
    expect(quiet / loud).toBeLessThan(1.1 * 0.5 * Math.SQRT1_2);
  });

  it("are the smallest normal number where all is zero", () => {
    expect([...of([0]).slice(0, 2)]).toEqual([f32.smallest, f32.smallest]);
    expect([...of([2], tensor([[[0]]]))]).toEqual([f32.smallest]);
  });

  it("are infinite where overflow is within reach", () => {
    expect(of([1], tensor([[[65504]]]), "f16")).toEqual(Float64Array.of(Infinity));
  });

  it("take fewer samples the more there is to compute", () => {
    // A table counts as a whole, and costs little.
    const own = spec({
      name: "m",
      inputs: [input({ name: "x", dtype: "int32", shape: [] })],
      layers: [embedding({ name: "out", input: "x", inputSize: 20_000, outputSize: 5 })],
    });
    const weights = { "out.table": tensor(new Float32Array(100_000).fill(0.3), [20_000, 5]) };
    // On either side of two million, and of twenty.
    for (const [steps, samples] of [
      [19, 16],
      [21, 8],
      [199, 8],
      [201, 4],
    ] as const) {
      const run = { inputs: { x: tensor(new Int32Array(steps), [1, steps], "int32") } };
      const by = (options = {}) => deriveBounds(own, weights, run, options).bounds.outputs["out"]!.data;
      expect(by()).toEqual(by({ samples }));
    }
  });
});

describe("comparisons", () => {
  const one = (got: number, want: number, bound: number) =>
    compareWithBound(
      { shape: [1], data: [got] },
      { shape: [1], data: Float64Array.of(want) },
      { shape: [1], data: Float64Array.of(bound) },
    );

  it("take what is within the bound, and nothing at its edge", () => {
    expect(one(1.25, 1, 0.5)).toStrictEqual({ maxError: 0.25, errorOverBound: 0.5, firstBadIndex: -1 });
    expect(one(0.5, 1, 0.5)).toMatchObject({ firstBadIndex: 0, errorOverBound: 1 });
    expect(one(1, 1, 0).firstBadIndex).toBe(-1);
    expect(one(1.5, 1, 0)).toMatchObject({ firstBadIndex: 0, errorOverBound: Infinity });
    expect(one(0, -0, 0).firstBadIndex).toBe(-1);
    expect(one(Infinity, Infinity, 0.1)).toMatchObject({ firstBadIndex: -1, maxError: 0 });
    expect(one(5, 1, Infinity)).toMatchObject({ firstBadIndex: -1, errorOverBound: 0 });
    // An infinite error over an infinite bound says nothing good.
    expect(one(NaN, 1, Infinity)).toMatchObject({ firstBadIndex: 0, errorOverBound: Infinity });
    expect(one(1, NaN, 0.1)).toMatchObject({ firstBadIndex: 0, maxError: Infinity });
    expect(one(NaN, NaN, 0.1)).toEqual({ maxError: 0, errorOverBound: 0, firstBadIndex: -1 });
  });

  it("keep the first bad element and the worst error", () => {
    const all = compareWithBound(
      { shape: [4], data: [1, 2, 9, 3.05] },
      { shape: [4], data: Float64Array.of(1, 1, 3, 3) },
      { shape: [4], data: Float64Array.of(1, 0.5, 1, 1) },
    );
    expect(all).toEqual({ maxError: 6, errorOverBound: 6, firstBadIndex: 1, got: 2, want: 1, bound: 0.5 });
    const nan = compareWithBound(
      { shape: [2], data: [NaN, 2] },
      { shape: [2], data: Float64Array.of(1, 1) },
      { shape: [2], data: Float64Array.of(Infinity, 0.5) },
    );
    expect(nan).toMatchObject({ maxError: Infinity, errorOverBound: Infinity, firstBadIndex: 0 });
  });

  it("keep the worse of two", () => {
    const [good, bad] = [one(1.25, 1, 0.5), one(1.1, 1, 0.1 / 2)];
    expect(worse(good, bad)).toEqual({ ...bad, maxError: 0.25 });
    expect(worse(bad, good)).toEqual({ ...bad, maxError: 0.25 });
    expect(worse(good, good)).toEqual(good);
  });
});

describe("generator", () => {
  it("draws evenly from 0 to 1, the same for a seed", () => {
    const random = generator(1);
    const drawn = Array.from({ length: 10_000 }, random);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    expect(drawn.reduce((a, b) => a + b, 0) / drawn.length).toBeCloseTo(0.5, 1);
    expect(rms(drawn, 0.5)).toBeCloseTo(1 / Math.sqrt(12), 2);
    expect(new Set(drawn).size).toBeGreaterThan(9_990);
    const again = generator(1);
    expect(Array.from({ length: 100 }, again)).toEqual(drawn.slice(0, 100));
  });
});
