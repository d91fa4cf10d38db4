import { describe, expect, it } from "vitest";
import { exponential, sigmoid, tanh } from "./exponential.js";
import { scalarKernels } from "./kernels.js";

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

describe("gemm", () => {
  const random = (size: number): Float32Array =>
    Float32Array.from({ length: size }, () => Math.random() * 2 - 1);

  it.each([1, 3, 7, 8, 9, 16, 21])("adds x · W for %i columns, whatever is left of a panel", (cols) => {
    for (const [count, rows] of [
      [1, 1],
      [1, 5],
      [3, 8],
      [4, 13],
    ] as const) {
      const [x, w, out] = [
        random(2 + count * rows),
        random(rows * (cols + 3)),
        random(1 + count * (cols + 2)),
      ];
      const expected = out.slice();
      for (let m = 0; m < count; m++) {
        for (let j = 0; j < cols; j++) {
          let sum = out[1 + m * (cols + 2) + j]!;
          for (let k = 0; k < rows; k++) sum += x[2 + m * rows + k]! * w[1 + k * (cols + 3) + j]!;
          expected[1 + m * (cols + 2) + j] = sum;
        }
      }
      const packed = { rows, cols, data: new Float32Array(rows * cols) };
      scalarKernels.pack(w, 1, cols + 3, packed);
      scalarKernels.gemm(count, x, 2, packed, out, 1, cols + 2);
      expect(out).toEqual(expected);
    }
  });

  it("skips no zero: 0 · NaN and 0 · Infinity are NaN", () => {
    const packed = { rows: 2, cols: 9, data: new Float32Array(18) };
    scalarKernels.pack(
      Float32Array.from({ length: 18 }, (_, k) => (k === 1 ? NaN : k === 17 ? Infinity : 1)),
      0,
      9,
      packed,
    );
    const out = new Float32Array(9);
    scalarKernels.gemm(1, new Float32Array(2), 0, packed, out, 0, 9);
    expect([...out]).toEqual([0, NaN, 0, 0, 0, 0, 0, 0, NaN]);
  });
});
