import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "@unroll/api/weights";
import { describe, expect, it } from "vitest";
import * as creation from "../packages/api/src/torch/tensor/creation.js";
import { Tensor } from "../packages/api/src/torch/tensor/tensor.js";
import { counterparts, type Inputs } from "./torch-tensor-counterparts.js";

interface Case {
  readonly expression: string;
  readonly close: "moved" | "rounded" | "summed";
  readonly inputs: readonly string[];
  /** The largest sum of absolute terms that results may be of. */
  readonly magnitude?: number;
  /** How many tensors it gives; absent where it gives something else, `value`. */
  readonly results?: number;
  readonly value?: unknown;
}

interface Recorded {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

const folder = fileURLToPath(new URL("../fixtures/torch-tensor/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as { cases: readonly Case[] };
const { tensors } = readSafetensors(readFileSync(`${folder}tensors.safetensors`));

/** PyTorch's whole numbers have 64 bits, which nothing recorded needs. */
const recorded = (name: string): Recorded => {
  const { dtype, shape, data } = tensors[name]!;
  const own = { F32: "float32", I64: "int32", I32: "int32", BOOL: "bool" }[dtype as string] ?? String(dtype);
  return { dtype: own, shape, data: Array.from(data as ArrayLike<number | bigint>, Number) };
};

const given = Object.fromEntries(
  Object.keys(tensors)
    .filter((name) => name.startsWith("in."))
    .map((name) => {
      const { dtype, shape, data } = recorded(name);
      return [name.slice(3), creation.tensor(Array.from(data), shape, dtype as "float32")];
    }),
) as Inputs;

/** What the builtin engine has without the sign of a zero, for every program: max(x, 0) and its tanh. */
const unsigned = new Set(["n.relu()", "n.tanh()"]);

/**
 * PyTorch and the engine each round a few times on the way to an element: four units in the last place of the
 * element, or of the sum of absolute terms that it is of, are what that makes at most. Below float32's normal
 * numbers PyTorch may have 0.
 */
function bound({ close, magnitude = 0 }: Case, want: number): number {
  if (close === "moved") return 0;
  return 4 * 2 ** -23 * Math.max(Math.abs(want), close === "summed" ? magnitude : 0) + 2 ** -126;
}

function expectSame(got: Tensor, want: Recorded, one: Case): void {
  expect(got).toBeInstanceOf(Tensor);
  expect({ dtype: got.dtype, shape: got.shape }).toEqual({ dtype: want.dtype, shape: want.shape });
  const apart = Array.from(want.data).flatMap((value, k) => {
    const own = got.data[k]!;
    const same = Object.is(own, value) || Math.abs(own - value) <= bound(one, value);
    // Zeros of both signs are equal where something was summed.
    const either = one.close === "summed" || unsigned.has(one.expression);
    const sign = either || value !== 0 || own !== 0 || Object.is(own, value);
    return same && sign ? [] : [{ at: k, got: own, want: value }];
  });
  expect(apart).toEqual([]);
}

describe("a recorded expression of PyTorch", () => {
  it.each(cases.map((one, k) => [one.expression, one, k] as const))("%s", (expression, one, k) => {
    const result = counterparts[expression]!(given);
    if (one.results === undefined) return expect(result).toEqual(one.value);
    const results = (Array.isArray(result) ? result : [result]) as Tensor[];
    expect(results.length).toBe(one.results);
    results.forEach((got, part) => expectSame(got, recorded(`${k}.${part}`), one));
  });
});

describe("the recorded expressions", () => {
  it("have a counterpart each", () => {
    expect(Object.keys(counterparts).sort()).toEqual(cases.map(({ expression }) => expression).sort());
  });

  it("leave every input as it was", () => {
    for (const [name, { data }] of Object.entries(given))
      expect([name, Array.from(data)]).toEqual([name, Array.from(recorded(`in.${name}`).data)]);
  });

  const sources = Object.values(counterparts).map(String).join("\n");

  it("have every method of a tensor", () => {
    /** What no expression of Python has, and where it is tested. */
    const elsewhere = {
      constructor: "of the abstract class",
      backend: "says where a trace is",
      toString: "compared with what PyTorch prints, in printing.test.ts",
    };
    const methods = Object.getOwnPropertyNames(Tensor.prototype);
    const missing = methods.filter((name) => !new RegExp(`\\.${name}\\b`).test(sources));
    expect(missing.sort()).toEqual(
      Object.keys(elsewhere)
        .filter((name) => methods.includes(name))
        .sort(),
    );
  });

  it("have every function that makes tensors of what is known", () => {
    // What PyTorch's `empty` holds is not known; here it is `zeros`.
    const drawn = [
      "empty",
      "manualSeed",
      "rand",
      "randn",
      "randLike",
      "randnLike",
      "randint",
      "randperm",
      "multinomial",
    ];
    const known = Object.keys(creation).filter((name) => !drawn.includes(name));
    expect(known.filter((name) => !new RegExp(`\\b${name}(\\)|,|\\()`).test(sources))).toEqual([]);
  });
});
