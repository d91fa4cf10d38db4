import { describe, expect, it } from "vitest";
import * as torch from "../index.js";

const x = torch.tensor([
  [1, 4],
  [3, 2],
]);

describe("functions that are methods too", () => {
  it("compute what the method does, with arguments as PyTorch has them", () => {
    expect(torch.chunk(x, 2, 1).map((part) => part.tolist())).toEqual([
      [[1], [3]],
      [[4], [2]],
    ]);
    expect(torch.clamp(x, 2, 3).tolist()).toEqual([
      [2, 3],
      [3, 2],
    ]);
    expect(torch.add(x, 1, { alpha: 2 }).tolist()).toEqual([
      [3, 6],
      [5, 4],
    ]);
    expect(torch.min(x, 1).map((one) => one.tolist())).toEqual([
      [1, 2],
      [0, 1],
    ]);
    expect(torch.cumsum(x, 0).tolist()).toEqual([
      [1, 4],
      [4, 6],
    ]);
  });

  const y = torch.tensor([
    [2.5, -1],
    [3, 0.5],
  ]);
  const at = torch.tensor([[1, 0]], { dtype: "long" });
  const given: Readonly<Record<string, readonly unknown[]>> = {
    ...Object.fromEntries(
      "neg square rsqrt reciprocal sign floor ceil round trunc isnan isinf isfinite logicalNot prod all"
        .split(" ")
        .map((name) => [name, []]),
    ),
    ...Object.fromEntries(
      "add sub mul div pow maximum minimum eq ne lt le gt ge logicalAnd logicalOr"
        .split(" ")
        .map((name) => [name, [x]]),
    ),
    any: [],
    tril: [],
    triu: [],
    norm: [],
    argmin: [],
    clamp: [0, 2],
    mv: [torch.tensor([1, 2])],
    reshape: [4],
    permute: [1, 0],
    split: [1],
    chunk: [2],
    unbind: [1],
    narrow: [0, 1, 1],
    select: [0, 1],
    indexSelect: [0, torch.tensor([1], { dtype: "long" })],
    gather: [0, at],
    roll: [1],
    maskedFill: [y.gt(0), 7],
    amax: [0],
    amin: [0],
    logsumexp: [0],
    sort: [0],
    argsort: [0],
    cumsum: [0],
    logSoftmax: [1],
    min: [0],
  };
  it.each(Object.entries(given))("have what the method has: %s", (name, args) => {
    type Call = (...given: readonly unknown[]) => torch.Tensor | readonly torch.Tensor[];
    const shown = (made: ReturnType<Call>): unknown =>
      Array.isArray(made) ? made.map(String) : String(made);
    const functions = torch as unknown as Readonly<Record<string, Call>>;
    const method = (y as unknown as Readonly<Record<string, Call>>)[name]!;
    expect(shown(functions[name]!(y, ...args))).toEqual(shown(method.call(y, ...args)));
  });

  it("have the product of two vectors", () => {
    expect(torch.dot(torch.tensor([1, 2]), torch.tensor([3, 4])).item()).toBe(11);
  });

  it("refuse what the method refuses", () => {
    expect(() => torch.chunk(x, 0)).toThrow("chunk: expected a number of parts of at least 1");
    expect(() => (torch.cumsum as (...given: unknown[]) => unknown)(x, 0, 1)).toThrow("no further arguments");
  });
});
