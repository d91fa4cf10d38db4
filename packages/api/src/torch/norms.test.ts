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
    const half = (parts: Readonly<Record<string, AnyTensor>>, message: string): void =>
      expect(() => linear(parts)).toThrow(
        `loadStateDict of Linear weight "weight": expected ${message}; take`,
      );
    half({ weight_g: tensor([[1], [1]]) }, "weight_g and weight_v, got weight_g alone");
    half({ weight_v: v }, "weight_g and weight_v, got weight_v alone");
    half(
      { weight_orig: v, weight_v: of(1, 0) },
      "weight_orig and weight_u and weight_v, got weight_orig and weight_v alone",
    );
    half(
      { "parametrizations.weight.original1": v },
      "parametrizations.weight.original0 and parametrizations.weight.original1, " +
        "got parametrizations.weight.original1 alone",
    );
  });

  it("beside the weights that it would make is refused as unexpected", () => {
    expect(() => linear({ weight: v, weight_g: tensor([[1], [1]]), weight_v: v })).toThrow(
      "unexpected weight_g [2, 1], weight_v [2, 2]",
    );
  });

  it("is found under names that Python writes with underscores", () => {
    class Net extends nn.Module {
      readonly lastLayer = new nn.Linear(2, 2, { bias: false });
      readonly inputNorm = new nn.BatchNorm1d(2, { affine: false });
      forward(x: SymbolicTensor): SymbolicTensor {
        return this.lastLayer.call(this.inputNorm.call(x));
      }
    }
    const g = tensor([[10], [1]]);
    const under = (prefix: string, parts: Readonly<Record<string, AnyTensor>>): [string, AnyTensor][] =>
      Object.entries(parts).map(([key, value]) => [`${prefix}.${key}`, value]);
    for (const names of [
      ["weight_g", "weight_v"],
      ["parametrizations.weight.original0", "parametrizations.weight.original1"],
    ]) {
      const net = new Net();
      const parts = { [names[0]!]: g, [names[1]!]: v };
      net.loadStateDict(
        Object.fromEntries([
          ...under("last_layer", parts),
          ...under("input_norm", { ...statistics, ...counter }),
        ]),
      );
      expect([...net.stateDict()["lastLayer.weight"]!.data]).toEqual([6, 8, 0, 1]);
    }
  });

  it("leaves weights alone that are called as its parts are", () => {
    class Net extends nn.Module {
      readonly key = new nn.Parameter(of(1, 1));
      readonly keyG = new nn.Parameter(of(1, 1));
      readonly keyV = new nn.Parameter(of(1, 1));
      forward(x: SymbolicTensor): SymbolicTensor {
        return x;
      }
    }
    const net = new Net();
    const { missingKeys } = net.loadStateDict({ key_g: of(2, 2), key_v: of(3, 4) }, { strict: false });
    expect(missingKeys).toEqual(["key"]);
    expect([...net.stateDict()["key"]!.data]).toEqual([1, 1]);
    expect([...net.stateDict()["keyV"]!.data]).toEqual([3, 4]);
  });

  it("is seen as PyTorch's default has it, by outputs, also where another axis would fit", () => {
    // Weights [2, 2, 1]: outputs are the first axis of a convolution, the second of a transposed one.
    const parts = {
      weight_orig: tensor([1, 2, 3, 4], [2, 2, 1]),
      weight_u: of(1, 0),
      weight_v: of(1, 1),
    };
    const loaded = (module: nn.Module): number[] => {
      module.loadStateDict(parts);
      return [...module.stateDict()["weight"]!.data].map((value) => Math.fround(value));
    };
    const over = (sigma: number): number[] => [1, 2, 3, 4].map((value) => Math.fround(value / sigma));
    expect(loaded(new nn.Conv1d(2, 2, 1, { bias: false }))).toEqual(over(3));
    expect(loaded(new nn.ConvTranspose1d(2, 2, 1, { bias: false }))).toEqual(over(4));
  });
});

describe("a state dict of a weight-dropped LSTM", () => {
  const sizes = { weight_ih_l0: [8, 3], weight_hh_l0: [8, 2], bias_ih_l0: [8], bias_hh_l0: [8] };
  const dropped = (raw: string, prefix: string): Record<string, HostTensor<"float32">> =>
    Object.fromEntries([
      ...Object.entries(sizes).map(([name, shape]) => [
        prefix + name,
        tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape),
      ]),
      [raw, tensor(new Float32Array(16).fill(0.5), [8, 2])],
    ]);
  class Wrapped extends nn.Module {
    readonly module = new nn.LSTM(3, 2);
    forward(x: SymbolicTensor): SymbolicTensor {
      return this.module.call(x)[0];
    }
  }
  class Net extends nn.Module {
    readonly rnn = new Wrapped();
    forward(x: SymbolicTensor): SymbolicTensor {
      return this.rnn.call(x);
    }
  }

  it.each<[string, nn.Module, string, string]>([
    ["the authors'", new nn.LSTM(3, 2), "", "weight_hh_l0_raw"],
    ["the authors' own wrapper", new Net(), "rnn.module.", "rnn.module.weight_hh_l0_raw"],
    ["fastai's", new Net(), "rnn.module.", "rnn.weight_hh_l0_raw"],
    ["fastai's outermost", new Wrapped(), "module.", "weight_hh_l0_raw"],
  ])("of %s names is taken before dropping, with or without what was left after", (_, net, prefix, raw) => {
    const given = dropped(raw, prefix);
    const key = `${prefix}weight_hh_l0`;
    for (const left of [given, Object.fromEntries(Object.entries(given).filter(([name]) => name !== key))]) {
      net.loadStateDict(left);
      expect(net.stateDict()[key]!.data.every((value) => value === 0.5)).toBe(true);
    }
  });

  it("is no other weight's: of a linear layer it is refused", () => {
    const module = new nn.Linear(2, 1, { bias: false });
    expect(() => module.loadStateDict({ weight: tensor([[1, 2]]), weight_raw: tensor([[1, 2]]) })).toThrow(
      "unexpected weight_raw",
    );
  });
});
