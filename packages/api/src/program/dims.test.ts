import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dim } from "../contract/program.js";
import { addDims, divideDim, isDim, multiplyDims } from "./dim-arithmetic.js";
import { evaluateDim } from "./dims.js";

describe("dims that follow from others", () => {
  it("have one spelling", () => {
    expect(addDims("time", -2)).toBe("time - 2");
    expect(addDims(addDims("time", 3), -3)).toBe("time");
    expect(addDims("time", 1, "batch", "time")).toBe("batch + 2 * time + 1");
    expect(multiplyDims("time", "batch")).toBe("batch * time");
    expect(multiplyDims("time", 3, 2)).toBe("6 * time");
    expect(multiplyDims(addDims("time", -1), "batch")).toBe("-batch + batch * time");
    expect(divideDim(addDims("time", -3), 2)).toBe("floor((time + 1) / 2) - 2");
    expect(divideDim(addDims(multiplyDims(4, "time"), 3), 2)).toBe("2 * time + 1");
    expect(divideDim(divideDim("time", 2), 2)).toBe("floor((floor((time) / 2)) / 2)");
    expect(multiplyDims(divideDim("my-axis", 2), "batch")).toBe("batch * floor((my-axis) / 2)");
    expect(addDims(2, 3)).toBe(5);
    expect(divideDim(7, 2)).toBe(3);
  });

  it.each([
    ["time"],
    ["time - 2"],
    ["batch * time"],
    ["floor((time + 1) / 2) - 2"],
    ["2 * floor((batch * time) / 3) + 1"],
    [0],
    [7],
    ["my-axis"],
    ["a/b"],
  ])("knows %s", (dim) => {
    expect(isDim(dim)).toBe(true);
  });
  it.each([
    ["-2 + time"],
    ["time * batch"],
    ["time + "],
    ["time  - 2"],
    ["floor((time - 3) / 2)"],
    ["floor(time / 2)"],
    ["1 * time"],
    ["time / 2"],
    ["(time)"],
    [""],
    [-1],
    [1.5],
    ["5"],
  ])("does not know %s", (dim) => {
    expect(isDim(dim)).toBe(false);
  });

  it("are as long as what they are made of", () => {
    type Made = { readonly dim: Dim; readonly of: (t: number, b: number) => number };
    const made = fc.letrec<{ dim: Made }>((tie) => ({
      dim: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom<Made>(
          { dim: "time", of: (t) => t },
          { dim: "batch", of: (_t, b) => b },
          { dim: 3, of: () => 3 },
        ),
        fc
          .tuple(tie("dim"), tie("dim"))
          .map(([x, y]): Made => ({ dim: addDims(x.dim, y.dim), of: (t, b) => x.of(t, b) + y.of(t, b) })),
        fc
          .tuple(tie("dim"), fc.integer({ min: -5, max: 5 }))
          .map(([x, n]): Made => ({ dim: addDims(x.dim, n), of: (t, b) => x.of(t, b) + n })),
        fc.tuple(tie("dim"), tie("dim")).map(([x, y]): Made => ({
          dim: multiplyDims(x.dim, y.dim),
          of: (t, b) => x.of(t, b) * y.of(t, b),
        })),
        fc
          .tuple(tie("dim"), fc.integer({ min: 1, max: 4 }))
          .map(([x, n]): Made => ({ dim: divideDim(x.dim, n), of: (t, b) => Math.floor(x.of(t, b) / n) })),
      ),
    }));
    fc.assert(
      fc.property(
        made.dim,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        ({ dim, of }, t, b) => {
          expect(evaluateDim(dim, (axis) => ({ time: t, batch: b })[axis]) + 0).toBe(of(t, b) + 0);
          // What is spelled is read as it was meant.
          expect(addDims(dim, 0)).toBe(dim);
        },
      ),
      { numRuns: 500 },
    );
  });
});
