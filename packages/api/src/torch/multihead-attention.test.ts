import { describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { nn, packPaddedSequence, padPackedSequence, tensor, type Tensor } from "./index.js";

const numbers = (shape: number[], seed: number) =>
  torch.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(12.9 * k + 7 * seed)),
    shape,
  );
const own = {
  in_proj_weight: numbers([12, 4], 1),
  in_proj_bias: numbers([12], 2),
  "out_proj.weight": numbers([4, 4], 3),
  "out_proj.bias": numbers([4], 4),
};

describe("nn.MultiheadAttention", () => {
  it("has PyTorch's names and keeps weights bit for bit", () => {
    const module = new nn.MultiheadAttention(4, 2);
    module.loadStateDict(own);
    expect(module.stateDict()).toEqual(own);
    const wide = new nn.MultiheadAttention(4, 2, { kdim: 3, bias: false });
    expect(() => wide.loadStateDict({})).toThrow(
      /q_proj_weight \[4, 4\].*k_proj_weight \[4, 3\].*v_proj_weight/,
    );
  });

  it.each([true, false])("returns output and mean weights, batchFirst %s", async (batchFirst) => {
    class Self extends nn.Module {
      heads = new nn.MultiheadAttention(4, 2, { batchFirst });
      forward(x: Tensor) {
        return this.heads.call(x, x, x, { isCausal: true });
      }
    }
    const module = new Self();
    module.loadStateDict(
      Object.fromEntries(Object.entries(own).map(([key, value]) => [`heads.${key}`, value])),
    );
    const x = numbers(batchFirst ? [2, 3, 4] : [3, 2, 4], 5);
    const [output, weights] = await module.run(x);
    expect([output.shape, weights!.shape]).toEqual([x.shape, [2, 3, 3]]);
    for (let row = 0; row < 2; row++) {
      expect(Array.from(weights!.data.slice(row * 9, row * 9 + 3))).toEqual([1, 0, 0]);
      expect(weights!.data[row * 9 + 5]).toBe(0);
    }
    module.dispose();
  });

  it("looks at nothing past the end of packed rows", async () => {
    class Read extends nn.Module {
      heads = new nn.MultiheadAttention(4, 1, { batchFirst: true });
      forward(x: Tensor, lengths: Tensor) {
        const packed = packPaddedSequence(x, lengths, { batchFirst: true, enforceSorted: false });
        const [output] = this.heads.call(packed, packed, packed, { needWeights: false });
        return padPackedSequence(output, { batchFirst: true })[0];
      }
    }
    const module = new Read();
    module.loadStateDict(
      Object.fromEntries(Object.entries(own).map(([key, value]) => [`heads.${key}`, value])),
    );
    const x = numbers([2, 3, 4], 6);
    const ragged = await module.run(x, [1, 3]);
    const short = await module.run(tensor(x.data.slice(0, 4), [1, 1, 4]), [1]);
    short.data.forEach((value, k) => expect(ragged.data[k]).toBeCloseTo(value, 5));
    expect(Array.from(ragged.data.slice(4, 12))).toEqual(new Array(8).fill(0));
    module.dispose();
  });

  it("refuses by name what it has not", async () => {
    expect(() => new nn.MultiheadAttention(4, 3)).toThrow("expected numHeads that divides embedDim 4, got 3");
    expect(() => new nn.MultiheadAttention(4, 2, { addBiasKv: true } as never)).toThrow("addBiasKv");
    class Masked extends nn.Module {
      heads = new nn.MultiheadAttention(4, 2);
      forward(x: Tensor, mask: Tensor) {
        return this.heads.call(x, x, x, mask);
      }
    }
    const module = new Masked();
    module.loadStateDict(
      Object.fromEntries(Object.entries(own).map(([key, value]) => [`heads.${key}`, value])),
    );
    const x = numbers([3, 2, 4], 1);
    for (const run of [
      async () => module.call(x, numbers([3, 2], 1)),
      () => module.run(x, numbers([3, 2], 1)),
    ])
      await expect(run()).rejects.toThrow("expected keyPaddingMask [2, 3], got [3, 2]");
    const ids = numbers([2, 3], 1).long();
    expect(() => module.call(x, ids)).toThrow("expected keyPaddingMask of flags or floats, got int32");
    expect(() => module.heads.call(x, x, x, { dropout: 1 } as never)).toThrow("dropout");
    expect(() => module.heads.call(x, x, numbers([3, 2, 5], 1), { attnMask: numbers([3, 3], 1) })).toThrow(
      "expected value of 2 or 3 axes, the last 4, got [3, 2, 5]",
    );
  });

  it("sees how it is called at each call", () => {
    const module = new nn.MultiheadAttention(4, 2);
    module.loadStateDict(own);
    const x = numbers([3, 2, 4], 5);
    const [all] = module.call(x, x, x);
    const [causal] = module.call(x, x, x, { isCausal: true });
    expect(causal.at(0).tolist()).not.toEqual(all.at(0).tolist());
    expect(module.call(x, x, x, { needWeights: false })[1]).toBe(null);
    // The same by a mask, which is other operations.
    const [masked] = module.call(x, x, x, { attnMask: torch.ones(3, 3).triu(1).bool() });
    expect(masked.sub(causal).abs().max().item()).toBeLessThan(1e-6);
  });

  it("looks at keys of another length, at once and traced, described for one length before", async () => {
    class Cross extends nn.Module {
      heads = new nn.MultiheadAttention(4, 2, { batchFirst: true });
      forward(x: Tensor, memory: Tensor) {
        return this.heads.call(x, memory, memory, { needWeights: false })[0];
      }
    }
    const module = new Cross();
    module.loadStateDict(
      Object.fromEntries(Object.entries(own).map(([key, value]) => [`heads.${key}`, value])),
    );
    const x = numbers([2, 3, 4], 5);
    for (const length of [3, 5, 3, 2]) {
      const memory = numbers([2, length, 4], 6);
      const now = module.call(x, memory);
      const traced = await module.run(x, memory);
      expect(traced.shape).toEqual([2, 3, 4]);
      expect(traced.sub(now).abs().max().item()).toBeLessThan(1e-6);
    }
    module.dispose();
  });
});
