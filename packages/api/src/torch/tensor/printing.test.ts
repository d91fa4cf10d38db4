import { readFileSync } from "node:fs";
import { readSafetensors } from "@unroll/api/weights";
import { describe, expect, it } from "vitest";
import { arange, ones, tensor, zeros } from "./creation.js";
import type { Tensor } from "./tensor.js";

const folder = new URL("../../../../../fixtures/torch-tensor/", import.meta.url);
const { prints } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  prints: readonly { expression: string; text: string }[];
};
const { tensors } = readSafetensors(readFileSync(new URL("tensors.safetensors", folder)));

function input(name: string): Tensor {
  const { dtype, shape, data } = tensors[`in.${name}`]!;
  const own = { F32: "float32", I64: "int64", BOOL: "bool" }[dtype as string] as "float32";
  return tensor(Array.from(data as ArrayLike<number | bigint>, Number), shape, own);
}

const whole = { dtype: "int64" } as const;

/** What is printed, where it is not an input of the fixture alone. */
const made: Readonly<Record<string, () => Tensor>> = {
  "ids[:0]": () => input("ids").at(":0"),
  "x[:0]": () => input("x").at(":0"),
  "x[:0, :2]": () => input("x").at(":0", ":2"),
  "i[0, 0]": () => input("i").at(0, 0),
  "f[0, 0]": () => input("f").at(0, 0),
  "zeros(2, 3)": () => zeros(2, 3),
  "zeros(3) - inf": () => zeros(3).sub(Infinity),
  "tensor([0.0, nan])": () => tensor([0, NaN]),
  "tensor([1.0, nan, -inf])": () => tensor([1, NaN, -Infinity]),
  "tensor([1.0, 2.0, 300.0])": () => tensor([1, 2, 300]),
  "tensor([1.0, 2.0, 30000.0])": () => tensor([1, 2, 30000]),
  "tensor([1.5, 20000.0])": () => tensor([1.5, 20000]),
  "tensor([0.00001, 1.0])": () => tensor([0.00001, 1]),
  "tensor([0.00001, 0.00002])": () => tensor([0.00001, 0.00002]),
  "tensor([0.5, 499.0])": () => tensor([0.5, 499]),
  "tensor([0.5, 501.0])": () => tensor([0.5, 501]),
  "tensor([1e9, 2e9])": () => tensor([1e9, 2e9]),
  "tensor([1e9, 1.0])": () => tensor([1e9, 1]),
  "tensor([-1e-30, 3.5])": () => tensor([-1e-30, 3.5]),
  "tensor([99.99999, 1.0])": () => tensor([99.99999, 1]),
  "tensor([0.00005, 0.05])": () => tensor([0.00005, 0.05]),
  "tensor([-0.0])": () => tensor([-0]),
  "tensor([1e10, nan])": () => tensor([1e10, NaN]),
  "tensor(12345678.0)": () => tensor(12345678),
  "tensor(123456789.0)": () => tensor(123456789),
  "tensor(-1.5)": () => tensor(-1.5),
  "tensor(nan)": () => tensor(NaN),
  "tensor(True)": () => tensor(true),
  "tensor([[1, -20], [300, 4]])": () =>
    tensor(
      [
        [1, -20],
        [300, 4],
      ],
      whole,
    ),
  "arange(30)": () => arange(30),
  "arange(30) / 7": () => arange(30).div(7),
  "arange(1001)": () => arange(1001),
  "arange(1200).view(30, 40)": () => arange(1200).view(30, 40),
  "arange(1200).view(2, 20, 30) / 3": () => arange(1200).view(2, 20, 30).div(3),
  "zeros(1, 1, 2000)": () => zeros(1, 1, 2000),
  "zeros(4, 2, 3, 2)": () => zeros(4, 2, 3, 2),
  "zeros(12, 100)": () => zeros(12, 100),
  "ones(1001, dtype=torch.bool)": () => ones(1001, { dtype: "bool" }),
};

/** PyTorch's text with the names that are JavaScript's, and the 32 bits that whole numbers have here. */
const own = (text: string): string =>
  text
    .replaceAll(/ *True/g, (flag) => flag.replace("True", "true"))
    .replaceAll(/ *False/g, (flag) => flag.replace("False", "false"))
    .replace("dtype=torch.int64", "dtype=int32");

describe("toString", () => {
  it.each(prints.map(({ expression, text }) => [expression, text] as const))(
    "prints %s as PyTorch does",
    (expression, text) => {
      const one = made[expression]?.() ?? input(expression);
      expect(String(one)).toBe(own(text));
    },
  );

  it("is what Node's console prints", async () => {
    const { inspect } = await import("node:util");
    expect(inspect({ x: tensor([1, 2]) })).toBe("{ x: tensor([1., 2.]) }");
  });
});
