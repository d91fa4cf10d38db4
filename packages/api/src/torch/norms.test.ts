import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import { nn } from "./index.js";
import type { SymbolicTensor } from "./symbolic.js";

const of = (...values: number[]): HostTensor<"float32"> => tensor(values, [values.length]);
const statistics = { running_mean: of(1, -2), running_var: of(3, 0.25) };
const counter = { num_batches_tracked: { dtype: "I64", shape: [], data: BigInt64Array.of(7n) } } as const;

class Model extends nn.Module {
  readonly rnn = new nn.RNN(2, 2);
  constructor(readonly norm: nn.Module & { forward(x: SymbolicTensor): SymbolicTensor }) {
    super();
  }
  forward(x: SymbolicTensor): SymbolicTensor {
    return this.norm.call(this.rnn.call(x)[0]);
  }
}

describe("PyTorch's normalisations", () => {
  it("have PyTorch's names and numbers", async () => {
    const norm = new nn.BatchNorm1d(2, { eps: 1, momentum: null, affine: false });
    norm.loadStateDict({ ...statistics, ...counter });
    expect((await norm.run(tensor([[3, -2]]))).data[0]).toBeCloseTo(1, 6);
    expect(
      Object.keys(new nn.BatchNorm1d(2).loadStateDict({ ...statistics, weight: of(1, 1), bias: of(0, 0) })),
    ).toContain("losses");
    const rms = new nn.RMSNorm([2]);
    rms.loadStateDict({ weight: of(1, 2) });
    const [a, b] = (await rms.run(tensor([[3, 4]]))).data;
    expect([a, b].map((value) => Number(value!.toFixed(5)))).toEqual([0.84853, 2.26274]);
    const layer = new nn.LayerNorm(2, { bias: false });
    expect(layer.loadStateDict({ weight: of(1, 1) }).missingKeys).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ["several axes", () => new nn.LayerNorm([2, 3]), "normalizedShape of one axis"],
    [
      "batches of their own",
      () => new nn.BatchNorm1d(2, { trackRunningStats: false }),
      "trackRunningStats true",
    ],
    ["uneven groups", () => new nn.GroupNorm(2, 3), "numGroups as a divisor of 3"],
    ["no eps", () => new nn.RMSNorm(2, { eps: 0 }), "eps as a number above 0"],
    ["a device", () => new nn.LayerNorm(2, { device: "cpu" } as never), 'got "device"'],
  ])("refuse %s", (_name, make, text) => {
    expect(make).toThrow(text);
  });

  it("refuse a sequence whose features PyTorch would look for before time", async () => {
    for (const norm of [new nn.BatchNorm1d(2), new nn.GroupNorm(1, 2)]) {
      expect(() => new Model(norm).spec()).toThrow("an input [batch, features], got a sequence");
      norm.loadStateDict(
        norm instanceof nn.BatchNorm1d
          ? { weight: of(1, 1), bias: of(0, 0), ...statistics }
          : { weight: of(1, 1), bias: of(0, 0) },
      );
      await expect(norm.run(tensor([[[1, 2]]]))).rejects.toThrow("expected input [batch, 2], got [1, 1, 2]");
    }
    expect(() => new Model(new nn.LayerNorm(2)).spec()).not.toThrow();
  });
});

describe("a state dict of what PyTorch computes weights of", () => {
  const linear = (parts: Readonly<Record<string, AnyTensor>>): Float32Array => {
    const module = new nn.Linear(2, 2, { bias: false });
    module.loadStateDict(parts);
    return module.stateDict()["weight"]!.data as Float32Array;
  };
  const v = tensor([
    [3, 4],
    [0, 2],
  ]);

  it("is taken for the weights", () => {
    const g = tensor([[10], [1]]);
    expect([...linear({ weight_g: g, weight_v: v })]).toEqual([6, 8, 0, 1]);
    const named = { "parametrizations.weight.original0": g, "parametrizations.weight.original1": v };
    expect([...linear(named)]).toEqual([6, 8, 0, 1]);
    const spectral = { weight_orig: v, weight_u: of(1, 0), weight_v: of(0, 0.5) };
    expect([...linear(spectral)]).toEqual([1.5, 2, 0, 1]);
  });

  it("says by how much results were rounded", () => {
    const module = new nn.Linear(2, 2, { bias: false });
    const { losses } = module.loadStateDict({ weight_g: tensor([[1], [1]]), weight_v: v });
    expect(losses).toMatchObject([{ kind: "rounded", from: "weight" }]);
  });

  it("is refused where its parts don't fit, or one is missing", () => {
    expect(() => linear({ weight_g: of(1, 1), weight_v: v })).toThrow(
      "a g that is [] or fits [2, 2], got [2]",
    );
    expect(() => linear({ weight_g: tensor([[1], [1]]), weight_v: of(1) })).toThrow("here [2, 2], got [1]");
    expect(() => linear({ weight_g: tensor([[1], [1]]) })).toThrow("missing weight [2, 2]");
  });
});
