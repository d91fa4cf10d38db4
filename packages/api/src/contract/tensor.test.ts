import { describe, expect, it } from "vitest";
import { isUnrollError } from "./error.js";
import { limits } from "./limits.js";
import { type Nested, tensor } from "./tensor.js";

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

const nested = (depth: number): Nested => {
  let value: Nested = 1;
  for (let k = 0; k < depth; k++) value = [value];
  return value;
};

describe("tensor", () => {
  it.each([
    [
      'tensor [1][0]: expected a number, got "1"',
      [
        [1, 2],
        ["1", null],
      ],
    ],
    ["tensor [1]: expected a number, got null", [0, null]],
    ["tensor [0]: expected a number, got undefined", [undefined]],
    ['tensor [0]: expected a number, got ""', [""]],
    ["tensor [0]: expected a number, got true", [true]],
    ["tensor [1]: expected a number, got 3n", [1, 3n]],
    ["tensor [0]: expected a number, got {}", [{}]],
    ["tensor [1]: expected a number, got undefined", Object.assign([1], { length: 3 })],
    ["tensor [0]: expected a number, got undefined", { length: 2 ** 40 }],
    ["tensor: expected a number", BigInt64Array.of(1n)],
    ["tensor: expected a number", new DataView(new ArrayBuffer(4))],
    ['tensor: expected a number, got "12"', "12"],
  ])("refuses what is no number: %s", (text, values) => {
    expect(messageOf(() => tensor(values as Nested))).toContain(`UNROLL_ARGUMENT ${text}`);
  });

  it.each([
    ["int32", [[1], [2 ** 32 + 1]], "tensor [1][0]: expected a whole number within 32 bits, got 4294967297"],
    ["int32", [0.5], "tensor [0]: expected a whole number"],
    ["int32", [NaN], "tensor [0]: expected a whole number"],
    ["int32", Float64Array.of(1, 2.5), "tensor [1]: expected a whole number"],
    ["int32", Uint32Array.of(2 ** 31), "tensor [0]: expected a whole number"],
    ["bool", [1, 2], "tensor [1]: expected true, false, 0 or 1, got 2"],
    ["bool", [0.5], "tensor [0]: expected true, false, 0 or 1, got 0.5"],
  ] as const)("refuses numbers that %s does not have: %j", (dtype, values, text) => {
    expect(messageOf(() => tensor(values as Nested, undefined, dtype))).toContain(`UNROLL_DTYPE ${text}`);
  });

  it.each([
    [[[1, 2], [3]], "tensor [1]: expected an array of 2, got an array of 1"],
    [[[1], 2], "tensor [1]: expected an array of 1, got a number"],
    [[1, [2]], "tensor [1]: expected a number, got an array of 1"],
    [[[], [1]], "tensor [1]: expected an array of 0, got an array of 1"],
    [nested(limits.axes + 1), "expected at most 32 axes"],
    [nested(100_000), "expected at most 32 axes"],
  ])("refuses nesting that no tensor has: case %#", (values, text) => {
    expect(messageOf(() => tensor(values as Nested))).toContain(text);
  });

  it.each([
    [[2, 2], "expected 4 values for shape [2, 2], got 3"],
    [[-1, -3], "expected a shape of whole numbers"],
    [[1.5, 2], "expected a shape of whole numbers"],
    [[2 ** 30, 2 ** 30, 0], "expected a shape of whole numbers within limits"],
    [null, "expected a shape of whole numbers"],
  ])("refuses the shape %j for three values", (shape, text) => {
    expect(messageOf(() => tensor([1, 2, 3], shape as number[]))).toContain(`UNROLL_SHAPE tensor: ${text}`);
  });

  it("refuses a dtype that there is none of", () => {
    expect(messageOf(() => tensor([1], [1], "float64" as never))).toContain(
      "UNROLL_ARGUMENT tensor: expected a dtype",
    );
  });

  it("takes nested arrays, rows that are typed arrays, views, array-likes and booleans of a mask", () => {
    expect(tensor(nested(limits.axes)).shape).toEqual(new Array(limits.axes).fill(1));
    expect(tensor([Float64Array.of(1, 2), [3, NaN]] as never)).toEqual({
      dtype: "float32",
      shape: [2, 2],
      data: Float32Array.of(1, 2, 3, NaN),
    });
    expect(tensor(new Float32Array([9, 1, 2]).subarray(1), [2, 1]).data).toEqual(Float32Array.of(1, 2));
    expect(tensor({ length: 2, 0: 5, 1: 6 }, [2]).data).toEqual(Float32Array.of(5, 6));
    expect(tensor([[true], [false]], undefined, "bool").data).toEqual(Uint8Array.of(1, 0));
    expect(tensor(7)).toEqual({ dtype: "float32", shape: [], data: Float32Array.of(7) });
    expect(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        [4],
      ).shape,
    ).toEqual([4]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([-(2 ** 31), 2 ** 31 - 1], undefined, "int32").data).toEqual(
      Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
    );
  });
});
