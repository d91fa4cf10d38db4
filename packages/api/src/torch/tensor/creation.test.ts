import { describe, expect, it } from "vitest";
import {
  arange,
  eye,
  full,
  manualSeed,
  multinomial,
  ones,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
  tensor,
  zeros,
} from "./creation.js";
import type { Tensor } from "./tensor.js";

const mean = (x: Tensor): number => x.mean().item();

describe("draws", () => {
  it.each([
    ["rand", () => rand(20)],
    ["randn", () => randn([4, 5])],
    ["randint", () => randint(100, [20])],
    ["randperm", () => randperm(20)],
    ["randLike", () => randLike(zeros(4, 5))],
    ["randnLike", () => randnLike(zeros(20))],
    ["multinomial", () => multinomial(ones(20), 20)],
  ])("of %s are those of the seed", (_, draw) => {
    manualSeed(7);
    const first = draw().tolist();
    const next = draw().tolist();
    manualSeed(7);
    expect(draw().tolist()).toEqual(first);
    expect(draw().tolist()).toEqual(next);
    expect(next).not.toEqual(first);
    manualSeed(8);
    expect(draw().tolist()).not.toEqual(first);
    // Beyond 32 bits a seed is another one too.
    manualSeed(7 + 2 ** 32);
    expect(draw().tolist()).not.toEqual(first);
  });

  // Bounds are five standard deviations of what is measured, for one seed.
  const count = 40_000;

  it("of rand are even from 0 to below 1", () => {
    manualSeed(1);
    const x = rand(count);
    expect(x.amin().item()).toBeGreaterThanOrEqual(0);
    expect(x.amax().item()).toBeLessThan(1);
    expect(Math.abs(mean(x) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(x.var().item() - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / count));
  });

  it("of randn are normal", () => {
    manualSeed(2);
    const x = randn(count);
    expect(Math.abs(mean(x))).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(x.var().item() - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(mean(x.pow(3)))).toBeLessThan(5 * Math.sqrt(15 / count));
    expect(Math.abs(mean(x.pow(4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
    expect(x.isfinite().all().item()).toBe(1);
  });

  it("of randint are whole, within bounds, each as often", () => {
    manualSeed(3);
    const x = randint(-2, 3, [count]);
    expect(x.dtype).toBe("int32");
    for (let one = -3; one <= 3; one++) {
      const share = one === -3 || one === 3 ? 0 : 1 / 5;
      expect(Math.abs(mean(x.eq(one).float()) - share)).toBeLessThanOrEqual(
        5 * Math.sqrt((share * (1 - share)) / count),
      );
    }
  });

  it("of randperm have each number once, in any order", () => {
    manualSeed(4);
    expect(randperm(50).sort()[0].tolist()).toEqual(arange(50).tolist());
    const firsts = Array.from({ length: 3000 }, () => randperm(3).tolist().toString());
    for (const order of new Set(firsts))
      expect(Math.abs(firsts.filter((one) => one === order).length / 3000 - 1 / 6)).toBeLessThan(
        5 * Math.sqrt(5 / 36 / 3000),
      );
    expect(new Set(firsts).size).toBe(6);
  });

  it("of multinomial are as frequent as their weights", () => {
    manualSeed(5);
    const places = multinomial(tensor([1, 0, 3, 6]), count, true);
    [0.1, 0, 0.3, 0.6].forEach((share, k) =>
      expect(Math.abs(mean(places.eq(k).float()) - share)).toBeLessThanOrEqual(
        5 * Math.sqrt((share * (1 - share)) / count),
      ),
    );
  });

  it("of multinomial are of each row by itself, none twice without replacement", () => {
    manualSeed(6);
    for (let k = 0; k < 50; k++) {
      const places = multinomial(
        tensor([
          [1, 2, 3],
          [0, 5, 1e-3],
        ]),
        2,
      );
      expect(places.shape).toEqual([2, 2]);
      const [first, second] = places.tolist() as [number[], number[]];
      expect(new Set(first).size).toBe(2);
      expect([...second].sort()).toEqual([1, 2]);
    }
    expect(multinomial(tensor([0, 1, 0]), 4, { replacement: true }).tolist()).toEqual([1, 1, 1, 1]);
  });
});

describe("what can't be made is refused", () => {
  it.each([
    ["manualSeed(-1)", () => manualSeed(-1), "manualSeed: expected a whole number of at least 0, got -1"],
    ["manualSeed(0.5)", () => manualSeed(0.5), "got 0.5"],
    ["zeros(-1)", () => zeros(-1), "zeros: expected sizes as whole numbers"],
    ["zeros(2.5)", () => zeros(2.5), "zeros: expected sizes as whole numbers"],
    ["zeros of float64", () => zeros(2, { dtype: "float64" as "float" }), "zeros: expected float32, float"],
    ["zeros with device", () => zeros(2, { device: "cuda" } as object), 'got "device"'],
    ["zeros too large", () => zeros(2 ** 15, 2 ** 15), "at most 536870912 elements"],
    ["ragged", () => tensor([[1, 2], [3]]), "tensor [1]: expected an array of 2, got an array of 1"],
    [
      "a fraction as int64",
      () => tensor([1.5], { dtype: "int64" }),
      "expected a whole number within 32 bits",
    ],
    ["arange backwards", () => arange(5, 0), "arange: expected an end"],
    ["arange without a step", () => arange(0, 5, 0), "arange: expected an end"],
    ["arange of a text", () => arange(0, "5" as never), "arange: expected an end"],
    ["eye of 3 sizes", () => eye(2, 2, 2), "eye: expected rows"],
    ["full of an unknown option", () => full([2], 1, { kind: 1 } as object), 'got "kind"'],
    ["rand of ids", () => rand(2, { dtype: "int64" }), "rand: expected float32, got int32; randint()"],
    ["randn of flags", () => randn(2, { dtype: "bool" }), "randn: expected float32, got bool"],
    ["randint of nothing", () => randint(0, 0, [2]), "randint: expected bounds and a list of sizes"],
    ["randint without sizes", () => randint(5), "randint: expected bounds and a list of sizes"],
    ["weights below 0", () => multinomial(tensor([1, -1]), 1), "multinomial: expected weights of at least 0"],
    ["no weights", () => multinomial(tensor([0, 0]), 1), "got a sum of 0"],
    ["NaN among weights", () => multinomial(tensor([NaN, 1]), 1), "got a sum of NaN"],
    ["more than there are", () => multinomial(tensor([1, 0]), 2), "multinomial: expected weights"],
    ["three axes of weights", () => multinomial(ones(1, 1, 2), 1), "a vector or a matrix"],
    ["no count", () => multinomial(ones(2), 0), "a count of at least 1"],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
