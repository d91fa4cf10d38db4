import { describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { nn, type Tensor } from "./index.js";

const { init } = nn;
const parameter = (...shape: number[]): nn.Parameter => new nn.Parameter(torch.zeros(shape));
const mean = (data: Float32Array): number => data.reduce((sum, one) => sum + one, 0) / data.length;
const deviation = (data: Float32Array): number => {
  const centre = mean(data);
  return Math.sqrt(mean(data.map((one) => (one - centre) ** 2)));
};

/** That draws are even within ±bound: all inside, near both ends, and of the deviation of such. */
function expectEven({ data }: nn.Parameter, bound: number): void {
  // The outermost of so many even draws lies this near an end in all but e^-20 of cases.
  const near = (2 * bound * 20) / data.length;
  expect(Math.max(...data)).toBeLessThanOrEqual(bound);
  expect(Math.min(...data)).toBeGreaterThanOrEqual(-bound);
  expect(Math.max(...data)).toBeGreaterThan(bound - near);
  expect(Math.min(...data)).toBeLessThan(near - bound);
  expectSpread(data, bound / Math.sqrt(3));
}

/** Five standard errors of a mean and of a deviation of so many draws. */
function expectSpread(data: Float32Array, std: number, centre = 0): void {
  expect(Math.abs(mean(data) - centre)).toBeLessThan((5 * std) / Math.sqrt(data.length));
  expect(Math.abs(deviation(data) / std - 1)).toBeLessThan(5 / Math.sqrt(2 * data.length));
}

describe("nn.init", () => {
  it("fills parameters, and returns them", () => {
    const own = parameter(2, 3);
    expect(init.constant_(own, 0.3)).toBe(own);
    expect(own.tolist()).toEqual([[0.3, 0.3, 0.3].map(Math.fround), [0.3, 0.3, 0.3].map(Math.fround)]);
    expect(init.ones_(own).tolist()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(init.eye_(own).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(init.zeros_(own).sum().item()).toBe(0);
    expect(init.eye_(parameter(3, 2)).tolist()).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
  });

  it("draws within bounds, by the sizes that PyTorch counts", () => {
    torch.manualSeed(14);
    expectEven(init.uniform_(parameter(40, 50), -0.5, 0.5), 0.5);
    const half = init.uniform_(parameter(2000)).data;
    expect(Math.min(...half)).toBeGreaterThanOrEqual(0);
    expectSpread(half, Math.sqrt(1 / 12), 0.5);
    expectEven(init.xavierUniform_(parameter(40, 60)), Math.sqrt(6 / 100));
    expectEven(init.xavierUniform_(parameter(8, 6, 50), { gain: 2 }), 2 * Math.sqrt(6 / (50 * 14)));
    expectEven(init.kaimingUniform_(parameter(40, 60)), Math.sqrt(6 / 60));
    expectEven(
      init.kaimingUniform_(parameter(40, 60), { mode: "fan_out", nonlinearity: "relu" }),
      Math.sqrt(6 / 40),
    );
    expectEven(init.kaimingUniform_(parameter(10, 12, 4, 5), Math.sqrt(5)), 1 / Math.sqrt(12 * 20));
  });

  it("draws normal numbers of the deviations that PyTorch says", () => {
    torch.manualSeed(15);
    expectSpread(init.normal_(parameter(40, 50), 3, 0.5).data, 0.5, 3);
    expectSpread(init.normal_(parameter(2000), { std: 2 }).data, 2);
    expectSpread(init.xavierNormal_(parameter(40, 60), 1.5).data, 1.5 * Math.sqrt(2 / 100));
    expectSpread(init.kaimingNormal_(parameter(40, 60), { mode: "fan_out" }).data, Math.sqrt(2 / 40));
    expectSpread(
      init.kaimingNormal_(parameter(40, 60), { nonlinearity: "tanh" }).data,
      5 / 3 / Math.sqrt(60),
    );
  });

  it.each([
    [6, 6],
    [4, 9],
    [9, 4],
    [3, 2, 5],
    [30, 3, 2],
    [1, 4],
  ])("makes rows or columns orthogonal, %i %i", (...sizes) => {
    torch.manualSeed(16);
    const shape = sizes.filter((size) => typeof size === "number");
    const own = init.orthogonal_(parameter(...shape), 1.5).view(shape[0]!, -1);
    const product = own.size(0) <= own.size(1) ? own.matmul(own.t()) : own.t().matmul(own);
    const wanted = torch.eye(product.size(0)).mul(2.25);
    expect(product.sub(wanted).abs().max().item()).toBeLessThan(1e-5);
  });

  it("draws orthogonal matrices evenly: of both signs on the diagonal", () => {
    torch.manualSeed(17);
    const signs = Array.from({ length: 64 }, () => init.orthogonal_(parameter(2, 2)).data[0]! > 0);
    expect(new Set(signs).size).toBe(2);
  });

  it("makes a share of each column zeros", () => {
    torch.manualSeed(18);
    const own = init.sparse_(parameter(50, 40), 0.33);
    for (const column of own.t())
      expect((column.tolist() as number[]).filter((one) => one === 0).length).toBe(Math.ceil(0.33 * 50));
    expectSpread(
      own.data.filter((one) => one !== 0),
      0.01,
    );
  });

  it("has PyTorch's gains", () => {
    expect(init.calculateGain("leaky_relu", 0.2)).toBe(Math.sqrt(2 / 1.04));
    expect(init.calculateGain("leaky_relu")).toBe(Math.sqrt(2 / 1.0001));
    expect(
      (["conv2d", "sigmoid", "tanh", "relu", "selu"] as const).map((name) => init.calculateGain(name)),
    ).toEqual([1, 1, 5 / 3, Math.SQRT2, 0.75]);
    expect(() => init.calculateGain("gelu" as never)).toThrow('got "gelu"; as PyTorch calls them');
  });

  it("gives the same numbers for a seed, and a compiled module sees them", async () => {
    class Model extends nn.Module {
      readonly linear = new nn.Linear(3, 2);
      forward(x: Tensor): Tensor {
        return this.linear.call(x);
      }
    }
    const module = new Model();
    const fill = (seed: number): unknown => {
      torch.manualSeed(seed);
      for (const one of module.parameters()) init.uniform_(one, -1, 1);
      return module.linear.weight.tolist();
    };
    const x = torch.tensor([[1, 2, 3]]);
    const first = fill(1);
    const once = (await module.run(x)).tolist();
    expect(fill(2)).not.toEqual(first);
    const twice = await module.run(x);
    expect(twice.tolist()).not.toEqual(once);
    expect(module.call(x).tolist()).toEqual(twice.tolist());
    expect(fill(1)).toEqual(first);
    expect((await module.run(x)).tolist()).toEqual(once);
    module.dispose();
  });

  it("refuses what it can't fill, and what PyTorch has not", async () => {
    expect(() => init.zeros_(torch.ones(2) as never)).toThrow('expected a parameter, got "EagerTensor"');
    expect(() => init.xavierUniform_(parameter(3))).toThrow("expected at least 2 axes, got [3]");
    expect(() => init.eye_(parameter(2, 2, 2))).toThrow("expected a matrix");
    expect(() => init.uniform_(parameter(2), 1, 0)).toThrow("expected a of at most b");
    expect(() => init.normal_(parameter(2), { std: -1 })).toThrow("expected std of at least 0");
    expect(() => init.normal_(parameter(2), 0, 1, 2)).toThrow("no further arguments, got 2");
    expect(() => init.constant_(parameter(2), undefined as never)).toThrow("expected value as a number");
    expect(() => init.kaimingNormal_(parameter(2, 2), { mode: "fanIn" as never })).toThrow('got "fanIn"');
    expect(() => init.kaimingNormal_(parameter(2, 2), { generator: 1 } as never)).toThrow("generator");
    expect(() => init.sparse_(parameter(2, 2), 2)).toThrow("sparsity from 0 to 1");
    class Filling extends nn.Module {
      readonly own = parameter(2);
      forward(x: Tensor): Tensor {
        return x.add(init.zeros_(this.own)).view(-1);
      }
    }
    await expect(new Filling().run(torch.ones(2))).rejects.toThrow("fill parameters before the module runs");
  });
});
