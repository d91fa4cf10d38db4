import { describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { nn } from "./index.js";

describe("nn.Embedding.fromPretrained", () => {
  const table = torch.tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const ids = torch.tensor([2, 0, 2], { dtype: "long" });
  const rows = [
    [5, 6],
    [1, 2],
    [5, 6],
  ];

  it("has the rows of the table, at once and on an engine", async () => {
    const module = nn.Embedding.fromPretrained(table);
    expect([module.numEmbeddings, module.embeddingDim]).toEqual([3, 2]);
    expect(module.call(ids).tolist()).toEqual(rows);
    expect((await module.run(ids)).tolist()).toEqual(rows);
  });

  it("takes a plain tensor, as readSafetensors gives, and copies it", () => {
    const plain = { dtype: "float32", shape: [3, 2], data: new Float32Array([1, 2, 3, 4, 5, 6]) } as const;
    const module = nn.Embedding.fromPretrained(plain, false);
    plain.data.fill(0);
    expect(module.call(ids).tolist()).toEqual(rows);
    expect(module.namedParameters().map(([name]) => name)).toEqual(["weight"]);
  });

  it("is frozen unless it is said, and reads the padding's row like any other, as PyTorch does", () => {
    expect(nn.Embedding.fromPretrained(table).weight.requiresGrad).toBe(false);
    expect(nn.Embedding.fromPretrained(table, { freeze: false }).weight.requiresGrad).toBe(true);
    const padded = nn.Embedding.fromPretrained(table, { paddingIdx: -1, normType: 1, sparse: true });
    expect(padded.paddingIdx).toBe(2);
    expect(padded.call(ids).tolist()).toEqual(rows);
  });

  it("makes a weight that another module may share", () => {
    const module = nn.Embedding.fromPretrained(table);
    const output = new nn.Linear(2, 3, { bias: false });
    output.weight = module.weight;
    expect(output.call(torch.tensor([[1, 1]])).tolist()).toEqual([[3, 7, 11]]);
  });

  it.each([
    ["a vector", () => nn.Embedding.fromPretrained(torch.zeros(3)), "[rows, size]"],
    ["no rows", () => nn.Embedding.fromPretrained(torch.zeros(0, 2)), "numEmbeddings"],
    ["whole numbers", () => nn.Embedding.fromPretrained(torch.ones(3, 2).long()), "float32"],
    ["nothing", () => nn.Embedding.fromPretrained(undefined as never), "a tensor"],
    ["a size", () => nn.Embedding.fromPretrained(3 as never), "[rows, size]"],
    ["another option", () => nn.Embedding.fromPretrained(table, { frozen: true } as never), "frozen"],
    ["a freeze that is no flag", () => nn.Embedding.fromPretrained(table, 0 as never), "freeze"],
    ["a padding past the end", () => nn.Embedding.fromPretrained(table, { paddingIdx: 3 }), "-3 to 2"],
    ["a padding in the constructor", () => new nn.Embedding(3, 2, NaN), "-3 to 2"],
    ["lengths that are cut", () => nn.Embedding.fromPretrained(table, { maxNorm: 1 } as never), "no maxNorm"],
    ["a third argument", () => nn.Embedding.fromPretrained(table, true, 1 as never), "no further"],
  ])("refuses %s", (_what, act, text) => {
    expect(act).toThrow(/.*: expected .*got .*/);
    expect(act).toThrow(text);
  });
});
