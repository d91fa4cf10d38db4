import {
  dense,
  gruCell,
  input,
  type LayerSpec,
  lstmCell,
  pool,
  positionalEmbedding,
  positionalEncoding,
  recurrent,
  type Spec,
  spec,
  specWeights,
  tensor,
  type WeightMap,
} from "@unroll/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cases,
  compareWithBound,
  deriveBounds,
  evaluate,
  precisions,
  type Run,
  running,
  runOf,
} from "../src/index.js";

const model = spec({
  name: "m",
  inputs: [input({ name: "x", shape: [3] })],
  layers: [
    recurrent({ name: "a", input: "x", cell: lstmCell({ inputSize: 3, units: 6 }) }),
    recurrent({ name: "b", input: "a", cell: gruCell({ inputSize: 6, units: 4 }) }),
    dense({ name: "out", input: "b", inputSize: 4, units: 2 }),
  ],
});
const weightsBy = (scale: number): WeightMap =>
  Object.fromEntries(
    specWeights(model).map(({ name, shape }, n) => [
      name,
      tensor(
        Float32Array.from(
          { length: shape.reduce((a, b) => a * b, 1) },
          (_, k) => scale * Math.sin(7 * k + n),
        ),
        shape,
      ),
    ]),
  );
const run = {
  inputs: {
    x: tensor(
      Float32Array.from({ length: 2 * 20 * 3 }, (_, k) => Math.cos(k)),
      [2, 20, 3],
    ),
  },
};
const largest = (data: Float64Array): number => data.reduce((a, b) => Math.max(a, b), 0);

describe("deriveBounds", () => {
  it("gives the same bound for the same seed, and much the same for another", () => {
    const [one, again, other] = [1, 1, 2].map(
      (seed) => deriveBounds(model, weightsBy(0.5), run, { seed }).bounds.outputs["out"]!.data,
    );
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
    expect(largest(one!) / largest(other!)).toBeGreaterThan(0.4);
    expect(largest(one!) / largest(other!)).toBeLessThan(2.5);
  });

  it("follows the case: more sensitive models get wider bounds, and so do coarser precisions", () => {
    const widest = (scale: number, precision: "f32" | "f16" = "f32"): number =>
      largest(deriveBounds(model, weightsBy(scale), run, { precision }).bounds.outputs["out"]!.data);
    expect(widest(0.1)).toBeLessThan(widest(0.5));
    expect(widest(0.5)).toBeLessThan(widest(4));
    expect(widest(0.5, "f16")).toBeGreaterThan(500 * widest(0.5));
    expect(widest(0.5)).toBeLessThan(1e-4);
  });

  it("lets nothing be off where nothing is computed", () => {
    const lengths = { ...run, lengths: tensor([0, 5], [2], "int32") };
    const { exact, bounds } = deriveBounds(
      spec({ name: "one", inputs: model.inputs, layers: [model.layers[0]] }),
      Object.fromEntries(Object.entries(weightsBy(1)).filter(([name]) => name.startsWith("a."))),
      lengths,
    );
    const padded = exact.outputs["a"]!.data.subarray(0, 20 * 6);
    expect(padded.every((value) => value === 0)).toBe(true);
    expect(largest(bounds.outputs["a"]!.data.subarray(0, 20 * 6))).toBeLessThan(1e-37);
  });

  it("refuses too few samples", () => {
    expect(() => deriveBounds(model, weightsBy(1), run, { samples: 1 })).toThrow(/at least 2 samples, got 1/);
  });
});

describe("the running bound", () => {
  /** Expects a case's running bound to have the oracle's values, and the derived one to be near it. */
  function expectNear(given: Spec, weights: WeightMap, run: Run): void {
    const m = running(precisions.f32);
    const values = evaluate(given, weights, run, m).outputs;
    const errors = evaluate(given, weights, run, { ...m, values: ({ error }) => error }).outputs;
    const { exact, bounds } = deriveBounds(given, weights, run);
    for (const [ref, { data }] of Object.entries(exact.outputs)) {
      expect(values[ref]!.data).toEqual(data);
      const own = bounds.outputs[ref]!.data;
      // What a layer decides on is as it is, or may be anything.
      if (exact.margins?.[ref])
        expect(own.every((bound) => bound === Infinity || bound <= precisions.f32.smallest)).toBe(true);
      else
        // 12 standard deviations of noise are no more than some worst cases.
        own.forEach((bound, k) =>
          expect(bound).toBeLessThan(18 * largest(errors[ref]!.data) + 1e-6 * Math.abs(data[k]!) + 1e-30),
        );
    }
  }

  it.each<[what: string, ...layers: readonly [LayerSpec, ...LayerSpec[]]]>([
    [
      "the largest of a window",
      pool({ name: "out", input: "x", kind: "max", over: "time", kernelSize: [2], axis: "pooled" }),
    ],
    ["an encoding of positions", positionalEncoding({ name: "out", input: "x", inputSize: 3 })],
    [
      "an embedding of positions",
      positionalEmbedding({ name: "out", input: "x", inputSize: 3, maxLength: 20 }),
    ],
  ])("goes through %s", (_, ...layers) => {
    const given = spec({ name: "m", inputs: model.inputs, layers });
    const weights = Object.fromEntries(
      specWeights(given).map(({ name, shape }) => [
        name,
        tensor(
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (__, k) => Math.sin(k)),
          shape,
        ),
      ]),
    );
    expectNear(given, weights, run);
  });

  it("has the oracle's values, and bounds the noise of every derived one to first order", () => {
    for (const given of fc.sample(cases({ bounded: true, extent: "none", custom: false }), {
      seed: 3,
      numRuns: 40,
    })) {
      expectNear(given.spec, given.weights, runOf(given));
    }
  });
});

describe("compareWithBound", () => {
  const exact = { shape: [3], data: Float64Array.of(1, 2, NaN) };
  const bound = { shape: [3], data: Float64Array.of(0.1, 0.1, 0.1) };
  const compare = (...values: number[]) => compareWithBound({ shape: [3], data: values }, exact, bound);

  it("gives the worst error, its share of the bound and the first element over it", () => {
    expect(compare(1, 2, NaN)).toEqual({ maxError: 0, errorOverBound: 0, firstBadIndex: -1 });
    expect(compare(1.05, 2, NaN)).toMatchObject({ firstBadIndex: -1 });
    expect(compare(1.05, 2, NaN).errorOverBound).toBeCloseTo(0.5);
    expect(compare(1, 2.5, NaN)).toMatchObject({
      maxError: 0.5,
      firstBadIndex: 1,
      got: 2.5,
      want: 2,
      bound: 0.1,
    });
  });

  it("takes NaN for NaN only, and another shape for wrong", () => {
    expect(compare(NaN, 2, NaN)).toMatchObject({
      maxError: Infinity,
      errorOverBound: Infinity,
      firstBadIndex: 0,
    });
    expect(compare(1, 2, 0)).toMatchObject({ firstBadIndex: 2 });
    expect(compare(1, Infinity, NaN)).toMatchObject({ firstBadIndex: 1, maxError: Infinity });
    expect(compareWithBound({ shape: [1, 3], data: [1, 2, NaN] }, exact, bound).firstBadIndex).toBe(0);
  });
});
