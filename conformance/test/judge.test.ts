import { type HostTensor, input, lstmCell, recurrent, spec, State, tensor } from "@unroll/api";
import { describe, expect, it } from "vitest";
import type { Case } from "../src/cases/case.js";
import { weightsOf } from "../src/cases/cases.js";
import { derived } from "../src/properties/derived.js";
import {
  byPart,
  holdAgainst,
  holdAsStored,
  holdBitwise,
  holdTogether,
  informative,
  joinChunks,
  type Results,
  resultsOf,
  sequenceOutputs,
} from "../src/properties/judge.js";
import type { DerivedBounds } from "../src/tolerance/bounds.js";

const exactly = (...data: number[]) => ({ shape: [data.length], data: Float64Array.from(data) });
const float = (...data: number[]): HostTensor => tensor(Float32Array.from(data), [data.length]);

/** Truth and bounds of an output `y` and of a state part `a.h`. */
const truthOf = (y: number[], bound: number[], h = [0], of = [0.5]): DerivedBounds => ({
  exact: { outputs: { y: exactly(...y) }, state: { a: { h: exactly(...h) } } },
  bounds: { outputs: { y: exactly(...bound) }, state: { a: { h: exactly(...of) } } },
});

describe("informative", () => {
  it("takes bounds up to 2 percent of the largest value, or of 1", () => {
    expect(informative(truthOf([0.1, 1], [0.0199, 0.0199], [0], [0]), "f32")).toBe(true);
    expect(informative(truthOf([0.1, 1], [0, 0.0201], [0], [0]), "f32")).toBe(false);
    expect(informative(truthOf([0.1, 0.2], [0.0199, 0], [0], [0]), "f32")).toBe(true);
    expect(informative(truthOf([1, -100], [1.99, 1.99], [0], [0]), "f32")).toBe(true);
    expect(informative(truthOf([1, -100], [2.01, 1.99], [0], [0]), "f32")).toBe(false);
    expect(informative(truthOf([1], [0], [1], [0.03]), "f32")).toBe(false);
  });

  it("takes half of it at coarser precisions", () => {
    for (const precision of ["f16", "mixed"] as const) {
      expect(informative(truthOf([1], [0.49], [0], [0]), precision)).toBe(true);
      expect(informative(truthOf([1], [0.51], [0], [0]), precision)).toBe(false);
    }
  });

  it("takes no values of a million", () => {
    expect(informative(truthOf([9e5], [1], [0], [0]), "f32")).toBe(true);
    expect(informative(truthOf([-1.1e6], [1], [0], [0]), "f32")).toBe(false);
  });
});

describe("holdAgainst", () => {
  const truth = truthOf([1, 2], [0.1, 0.2], [3]);
  const results = (y: HostTensor, h = float(3)): Results => ({ y, "state a.h": h });
  const held = (given: Results, factor?: number) => holdAgainst("here", given, truth, factor);

  it("gives the worst error over bound of all results", () => {
    expect(held(results(float(1, 2)))).toBe(0);
    expect(held(results(float(1.05, 2.05)))).toBeCloseTo(0.5, 5);
    expect(held(results(float(1, 2), float(3.4)))).toBeCloseTo(0.8, 5);
    expect(held(results(float(1.09, 2), float(3.1)))).toBeCloseTo(0.9, 5);
  });

  it("throws at the first element past its own bound, and says where", () => {
    expect(() => held(results(float(1.15, 2)))).toThrow(
      /^here, y: expected 1 within 1\.00e-1, got 1\.14\d+ at element 0$/,
    );
    expect(() => held(results(float(1, 2.15)))).not.toThrow();
    expect(() => held(results(float(1, 2), float(2.4)))).toThrow(/^here, state a\.h: expected 3 within/);
    try {
      held(results(float(1, 2.5)));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ details: { firstBadIndex: 1, got: 2.5, want: 2, bound: 0.2 } });
    }
  });

  it("multiplies bounds by a factor", () => {
    expect(() => held(results(float(1.15, 2)), 2)).not.toThrow();
    expect(() => held(results(float(1.25, 2)), 2)).toThrow(/within 2\.00e-1/);
  });

  it("wants every result, of its shape, in an array of its dtype", () => {
    expect(() => held({ y: float(1, 2) })).toThrow(/^here, state a\.h: expected a result, got none$/);
    expect(() => held(results(tensor([[1, 2]])))).toThrow(/^here, y: expected shape \[2\], got \[1, 2\]$/);
    const boxed = { dtype: "float32", shape: [2], data: new Float64Array([1, 2]) } as unknown as HostTensor;
    expect(() => held(results(boxed))).toThrow(
      /^here, y: expected a Float32Array for float32, got Float64Array$/,
    );
  });
});

describe("holdTogether", () => {
  const truth = truthOf([1, 2], [0.1, 0.2]);
  const together = (one: HostTensor, other: HostTensor, name = "y") =>
    holdTogether("there", { [name]: one }, { [name]: other }, truth);

  it("allows both their bounds", () => {
    expect(together(float(1.5, 2), float(1.5, 2))).toBe(0);
    expect(together(float(1.1, 2), float(1, 2.1))).toBeCloseTo(0.5, 5);
    expect(together(float(1.19, 2), float(1, 2))).toBeCloseTo(0.95, 5);
    expect(() => together(float(1.21, 2), float(1, 2))).toThrow(
      /^there, y: expected 1 within 2\.00e-1, got 1\.21/,
    );
    try {
      together(float(1, 3), float(1, 2));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ details: { firstBadIndex: 1, got: 3, want: 2, bound: 0.4 } });
    }
  });

  it("allows nothing where nothing is derived, and no other shape", () => {
    expect(() => together(float(1, 2), float(1, 2), "z")).not.toThrow();
    expect(() => together(float(1, 2.0001), float(1, 2), "z")).toThrow(/^there, z: expected 2 within/);
    expect(() => together(tensor([[1, 2]]), float(1, 2))).toThrow(/^there, y/);
  });

  it("gives the worst of all results", () => {
    const worst = holdTogether(
      "there",
      { y: float(1.1, 2), "state a.h": float(0.25) },
      { y: float(1, 2), "state a.h": float(0) },
      truth,
    );
    expect(worst).toBeCloseTo(0.5, 5);
  });
});

describe("holdBitwise", () => {
  const bitwise = (one: HostTensor, other: HostTensor) => () =>
    holdBitwise("there", { y: one }, { y: other });

  it("takes the same bits alone", () => {
    expect(bitwise(float(1, NaN, -0), float(1, NaN, -0))).not.toThrow();
    expect(bitwise(float(0), float(-0))).toThrow(/^there, y: expected 0, bit for bit, got 0 at element 0$/);
    const next = new Float32Array([1]);
    new Int32Array(next.buffer)[0]!++;
    expect(bitwise(float(0, ...next), float(0, 1))).toThrow(/bit for bit, got 1\.0000001\d* at element 1$/);
    expect(bitwise(float(NaN), float(1))).toThrow(/^there, y/);
  });

  it("takes no other shape", () => {
    expect(bitwise(tensor([[1, 2]]), float(1, 2))).toThrow(/^there, y: expected shape \[2\], got \[1, 2\]$/);
    expect(bitwise(float(1, 2, 3), float(1, 2))).toThrow(/shape/);
  });
});

describe("holdAsStored", () => {
  const stored = (one: number, other: number, precision: "f32" | "f16") => () =>
    holdAsStored("there", { y: float(one) }, { y: float(other) }, precision);

  it("wants the same bits of engines of 32 bits", () => {
    expect(stored(1, 1, "f32")).not.toThrow();
    expect(stored(1.0000001, 1, "f32")).toThrow(/bit for bit/);
  });

  it("allows one rounding to engines of 16 bits", () => {
    expect(stored(1 + 2 ** -11, 1, "f16")).not.toThrow();
    expect(stored(1 + 1.5 * 2 ** -11, 1, "f16")).toThrow(
      /^there, y: expected 1 as stored in f16, got 1\.0007/,
    );
    expect(stored(0, 0.9 * 2 ** -14, "f16")).not.toThrow();
    expect(stored(0, 2 * 2 ** -14, "f16")).toThrow(/as stored in f16/);
    try {
      stored(2, 1, "f16")();
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ details: { firstBadIndex: 0, got: 2, want: 1 } });
    }
  });
});

describe("joinChunks", () => {
  const chunk = (time: number, y: number[], last: number) => ({
    results: { y: tensor(Float32Array.from(y), [2, time, 1]), last: float(last) },
    time,
  });

  it("puts sequences together along time, row by row, and keeps the last of all else", () => {
    const joined = joinChunks([chunk(2, [1, 2, 11, 12], 8), chunk(1, [3, 13], 9)], new Set(["y"]));
    expect(joined["y"]).toMatchObject({ shape: [2, 3, 1], data: Float32Array.of(1, 2, 3, 11, 12, 13) });
    expect(joined["last"]).toEqual(float(9));
  });
});

describe("sequenceOutputs", () => {
  it("are those with an axis of as many steps as there are", () => {
    const outputs = ["steps", "last", "other"];
    const of = { spec: { outputs }, time: 4 } as unknown as Case;
    const shaped = (...shape: number[]) => ({
      shape,
      data: new Float64Array(shape.reduce((a, b) => a * b, 1)),
    });
    const exact = {
      outputs: { steps: shaped(2, 4, 3), last: shaped(2, 4), other: shaped(2, 5, 3) },
      state: {},
    };
    expect([...sequenceOutputs(of, exact)]).toEqual(["steps"]);
  });
});

describe("resultsOf", () => {
  it("reads outputs and state, and uses the state up", async () => {
    const state = State.fromTypedArrays({ a: { h: tensor([1, 2], [1, 2]) } });
    const results = await resultsOf({ outputs: { y: float(3) }, state });
    expect(Object.keys(results)).toEqual(["y", "state a.h"]);
    await expect(state.toTypedArrays()).rejects.toMatchObject({ code: "UNROLL_DISPOSED" });
  });
});

describe("byPart", () => {
  it("names every part by its layer", () => {
    expect(byPart({ a: { h: float(1), c: float(2) }, b: { h: float(3) } })).toEqual({
      "state a.h": float(1),
      "state a.c": float(2),
      "state b.h": float(3),
    });
  });
});

describe("derived", () => {
  const model = spec({
    name: "m",
    inputs: [input({ name: "x", shape: [2] })],
    layers: [recurrent({ name: "a", input: "x", cell: lstmCell({ inputSize: 2, units: 2 }) })],
  });
  const given = (...values: number[]): Case => ({
    spec: model,
    weights: weightsOf(model, { seed: 3, fine: true }, 1),
    batch: 1,
    time: 1,
    x: tensor(Float32Array.from(values), [1, 1, 2]),
    lengths: null,
    mask: null,
    memory: null,
    state: null,
    cuts: [],
  });

  it("works a case out once, by what is in it", () => {
    const one = given(1, 2);
    expect(derived(one, "f32")).toBe(derived(one, "f32"));
    const [first, second] = [derived(given(5, 5), "f32"), derived(given(6, 6), "f32")];
    expect([derived(given(5, 5), "f32"), derived(given(6, 6), "f32")]).toEqual([first, second]);
    expect(derived(given(5, 5), "f32")).toBe(first);
    expect(derived(given(1, 2), "f32")).toBe(derived(one, "f32"));
    expect(derived(given(1, 3), "f32")).not.toBe(derived(one, "f32"));
    expect(derived(one, "f16")).not.toBe(derived(one, "f32"));
    expect(derived({ ...given(1, 2), lengths: [0] }, "f32")).not.toBe(derived(one, "f32"));
  });

  it("tells 0 from -0, and NaN from infinity", () => {
    const truths = [0, -0, NaN, Infinity, -Infinity].map((value) => derived(given(1, value), "f32"));
    expect(new Set(truths).size).toBe(5);
  });
});
