import { describe, expect, it } from "vitest";
import { exponential, sigmoid, tanh } from "./exponential.js";
import type { Kernels } from "./kernel-types.js";
import { loops } from "./kernels.js";
import { maps as loopMaps } from "./maps.js";
import { primitiveMaps } from "./primitive-maps.js";
import { mapNames } from "./simd/map-names.js";
import { simdKernelSource } from "./simd/simd-kernel-source.js";

describe("exponential", () => {
  const worst = (
    f: (x: number) => number,
    exact: (x: number) => number,
    from: number,
    to: number,
  ): number => {
    let error = 0;
    for (let k = 0; k <= 200_000; k++) {
      const x = from + ((to - from) * k) / 200_000 + 1e-7;
      error = Math.max(error, Math.abs(f(x) / exact(x) - 1));
    }
    return error;
  };

  it("is far inside half an ulp of float32 everywhere", () => {
    expect(worst(exponential, Math.exp, -103, 89)).toBeLessThan(1.5e-9);
    expect(worst(sigmoid, (x) => 1 / (1 + Math.exp(-x)), -103, 103)).toBeLessThan(1.5e-9);
    expect(worst(tanh, Math.tanh, -20, 20)).toBeLessThan(3e-8);
    expect(worst(tanh, Math.tanh, -0.2, 0.2)).toBeLessThan(3e-8);
    for (let k = 1; k < 300; k++) expect(Math.fround(tanh(2 ** -k))).toBe(Math.fround(Math.tanh(2 ** -k)));
  });

  it("treats the ends of the number line as IEEE does, once stored", () => {
    const stored = (f: (x: number) => number): number[] => [
      ...Float32Array.from([-Infinity, -1e30, -0, 0, 1e30, Infinity, NaN], f),
    ];
    expect(stored(exponential)).toEqual([0, 0, 1, 1, Infinity, Infinity, NaN]);
    expect(stored(sigmoid)).toEqual([0, 0, 0.5, 0.5, 1, 1, NaN]);
    expect(stored(tanh)).toEqual([-1, -1, -0, 0, 1, 1, NaN]);
  });
});

/** What memories go with stays to the end. */
const owners: object[] = [];

/** Float32 arrays where kernels work, filled. */
const memoryOf = (simd: boolean) => {
  const owner = {};
  owners.push(owner);
  const memory = (simd ? simdKernelSource()! : loops).open(owner, [{ byteLength: 1 << 26 }]);
  const array = (size: number, value: (k: number) => number): Float32Array => {
    const data = memory.allocate("float32", size, memory);
    for (let k = 0; k < size; k++) data[k] = value(k);
    return data;
  };
  return {
    kernels: memory.kernels,
    array,
    random: (size: number) => array(size, () => Math.random() * 2 - 1),
  };
};

describe.each([
  ["loops", false],
  ["SIMD", true],
])("products by %s", (_name, simd) => {
  const { kernels, array, random } = memoryOf(simd);
  const packed = (rows: number, cols: number, w: Float32Array, at: number, stride: number) => {
    const into = { rows, cols, data: array(kernels.packedSize(rows, cols), () => NaN) };
    kernels.pack(w, at, stride, into);
    return into;
  };
  // As the kernels sum: the loops in double precision, SIMD in float32 after each product and each sum.
  const added = (sum: number, x: number, w: number): number =>
    simd ? Math.fround(sum + Math.fround(x * w)) : sum + x * w;

  it.each([1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 21, 31, 32, 33, 47, 48, 63, 64, 67, 100])(
    "adds x · W for %i columns, whatever is left of a panel and of four rows, to the bit",
    (cols) => {
      for (const count of [1, 2, 3, 4, 5, 8, 11]) {
        for (const rows of [1, 2, 5, 8, 13, 64]) {
          const x = random(2 + count * rows);
          const w = random(rows * (cols + 3) + 1);
          const out = random(1 + count * (cols + 2));
          const expected = Float32Array.from(out);
          for (let m = 0; m < count; m++) {
            for (let j = 0; j < cols; j++) {
              let sum = out[1 + m * (cols + 2) + j]!;
              for (let k = 0; k < rows; k++)
                sum = added(sum, x[2 + m * rows + k]!, w[1 + k * (cols + 3) + j]!);
              expected[1 + m * (cols + 2) + j] = sum;
            }
          }
          kernels.gemm(count, x, 2, packed(rows, cols, w, 1, cols + 3), out, 1, cols + 2);
          expect(Float32Array.from(out)).toEqual(expected);
        }
      }
    },
  );

  it.each([1, 4])("skips no zero in %i rows: 0 · NaN and 0 · Infinity are NaN", (count) => {
    const w = array(18, (k) => (k === 1 ? NaN : k === 17 ? Infinity : 1));
    const [x, out] = [array(2 * count, () => 0), array(9 * count, () => 0)];
    kernels.gemm(count, x, 0, packed(2, 9, w, 0, 9), out, 0, 9);
    for (let row = 0; row < count; row++)
      expect([...out.subarray(row * 9, row * 9 + 9)]).toEqual([0, NaN, 0, 0, 0, 0, 0, 0, NaN]);
  });
});

describe("functions of four numbers at once", () => {
  const { kernels, array } = memoryOf(true);
  const loopsOf = { ...loopMaps, ...primitiveMaps } as Readonly<Record<string, Kernels["maps"][string]>>;
  const apply = (name: string, values: readonly number[], map = kernels.maps[name]!): number[] => {
    const [x, y] = [array(values.length, (k) => values[k]!), array(values.length + 1, () => 7)];
    map(x, 0, y, 0, values.length);
    // What comes after the last is somebody else's.
    expect(y[values.length]).toBe(7);
    return [...y.subarray(0, values.length)];
  };

  /**
   * How far a result may be off the loops', as a share of it, or of 1 where it is made by subtraction. Bounds
   * assume 2e-7 of 1; up to 1.2e-7 here is the rounding of the loops' own.
   */
  const accuracy: Readonly<Record<string, number>> = {
    ...{ tanh: 2.4e-7, sigmoid: 2.2e-7, softplus: 3e-7, elu: 2e-7, exp: 1.8e-7, softsign: 2e-7 },
    ...{ hardSigmoidSixth: 1.3e-7, hardSigmoidFifth: 1.3e-7, leakyRelu: 1.3e-7 },
  };

  it.each(mapNames)("%s is near the exact one everywhere, and the same bits in every place", (name) => {
    const exact = loopsOf[name]!;
    const values = [0, 1, -1, 3e-39, 88.7, -87.2, 127, -127, 1e30, -1e30];
    for (let e = -40; e < 7; e += 0.01) values.push(2 ** e, -(2 ** e));
    for (let x = -95; x < 95; x += 0.0173) values.push(x);
    const legal = name === "sqrt" ? values.map(Math.abs) : values;
    const given = [...Float32Array.from(legal)];
    const got = apply(name, given);
    const want = apply(name, given, exact);
    got.forEach((value, k) => {
      // What is smaller than the least normal number may be nothing.
      if (value === want[k] || Math.max(Math.abs(value), Math.abs(want[k]!)) < 2 ** -126) return;
      const size = Math.max(Math.abs(want[k]!), name.startsWith("hard") ? 1 : 2 ** -126);
      const error = Math.abs(value - want[k]!) / size;
      if (!(error <= (accuracy[name] ?? 0)))
        expect([name, given[k], value]).toEqual([name, given[k], want[k]]);
    });
    for (const count of [1, 2, 3, 5, 6, 7]) {
      const at = 100 + count;
      expect(apply(name, given.slice(at, at + count))).toEqual(got.slice(at, at + count));
    }
  });

  it.each(mapNames)("%s treats the ends of the number line as the loops do", (name) => {
    const ends = [-Infinity, 0, Infinity, NaN];
    // Nothing and the least numbers that there are count as one: 6e-39 is where the sigmoid ends.
    const flushed = (list: number[]): number[] => list.map((v) => (Math.abs(v) < 2 ** -126 ? 0 : v));
    expect(flushed(apply(name, ends))).toEqual(flushed(apply(name, ends, loopsOf[name]!)));
  });
});
