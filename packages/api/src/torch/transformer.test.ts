import { beforeEach, describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { nn } from "./index.js";

/** Gives every weight of a module numbers. */
const drawn = <M extends nn.Module>(module: M): M => {
  const all = module.namedParameters().map(([name, { shape }]) => [name, torch.randn(shape).mul(0.3)]);
  module.loadStateDict(Object.fromEntries(all) as Record<string, torch.Tensor>);
  return module;
};

beforeEach(() => void torch.manualSeed(5));

describe("a stack of transformers' layers", () => {
  it("has copies of the layer that it is given, with the values of then", () => {
    const layer = drawn(new nn.TransformerEncoderLayer(4, 2, 6));
    const stack = new nn.TransformerEncoder(layer, 2);
    const x = torch.randn([3, 1, 4]);
    const twice = layer.call(layer.call(x)).tolist();
    expect(stack.call(x).tolist()).toEqual(twice);
    drawn(layer);
    expect(layer.call(layer.call(x)).tolist()).not.toEqual(twice);
    expect(stack.call(x).tolist()).toEqual(twice);
  });

  it("is made of a layer that has no values yet, which are loaded later", () => {
    const stack = drawn(new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 2, 6), 2));
    const [first, second] = [...stack.layers] as nn.TransformerDecoderLayer[];
    const [x, memory] = [torch.randn([3, 1, 4]), torch.randn([2, 1, 4])];
    expect(stack.call(x, memory).tolist()).toEqual(second!.call(first!.call(x, memory), memory).tolist());
  });
});

describe("nn.Transformer", () => {
  const small = (): nn.Transformer => drawn(new nn.Transformer(4, 2, 1, 1, 6));
  let [src, tgt] = [torch.zeros(3, 2, 4), torch.zeros(2, 2, 4)];
  beforeEach(() => {
    [src, tgt] = [torch.randn([3, 2, 4]), torch.randn([2, 2, 4])];
  });

  it("hides what is to come by a mask of infinities, of the class and of each", () => {
    const rows = [
      [0, -Infinity, -Infinity],
      [0, 0, -Infinity],
      [0, 0, 0],
    ];
    expect(nn.Transformer.generateSquareSubsequentMask(3).tolist()).toEqual(rows);
    expect(new nn.Transformer(4, 2, 1, 1, 6).generateSquareSubsequentMask(3).tolist()).toEqual(rows);
  });

  it("has names of weights as PyTorch's", () => {
    const names = new nn.Transformer(4, 2, 1, 1, 6).namedParameters().map(([name]) => name);
    expect(names).toContain("encoder.layers.0.selfAttn.in_proj_weight");
    expect(names).toContain("decoder.layers.0.multiheadAttn.out_proj.bias");
    expect(names.filter((name) => name.endsWith("norm.weight"))).toEqual([
      "encoder.norm.weight",
      "decoder.norm.weight",
    ]);
  });

  it("is made of the same by places, by names, and by both", () => {
    const shapes = (module: nn.Transformer): unknown =>
      module.namedParameters().map(([name, { shape }]) => [name, shape]);
    const named = { nhead: 2, numEncoderLayers: 2, numDecoderLayers: 1, dimFeedforward: 6, bias: false };
    const [relu, none] = ["relu", null] as const;
    const all = [
      new nn.Transformer({ dModel: 4, ...named }),
      new nn.Transformer(4, named),
      new nn.Transformer(4, 2, 2, 1, { dimFeedforward: 6, bias: false }),
      new nn.Transformer(4, 2, 2, 1, 6, 0.1, relu, none, none, 1e-5, false, false, false),
    ];
    for (const one of all) expect(shapes(one)).toEqual(shapes(all[0]!));
    expect(new nn.Transformer({ numEncoderLayers: 1, numDecoderLayers: 1 }).dModel).toBe(512);
  });

  it("hides later steps by flags alone as by masks", () => {
    const module = small();
    const masked = module.call(src, tgt, {
      srcMask: nn.Transformer.generateSquareSubsequentMask(3),
      tgtMask: nn.Transformer.generateSquareSubsequentMask(2),
    });
    const flagged = module.call(src, tgt, { srcIsCausal: true, tgtIsCausal: true });
    // A flag's attention and a mask's are computed in other orders.
    for (const [k, value] of flagged.data.entries())
      expect(Math.abs(value - masked.data[k]!)).toBeLessThan(1e-6);
    expect(flagged.tolist()).not.toEqual(module.call(src, tgt).tolist());
  });

  it.each([
    ["a size that is none", () => new nn.Transformer(0, 2), "dModel"],
    ["NaN layers", () => new nn.Transformer(4, 2, NaN), "numEncoderLayers"],
    ["heads that don't divide", () => new nn.Transformer(4, 3, 1, 1, 6), "numHeads"],
    ["an unknown option", () => new nn.Transformer(4, { heads: 2 } as never), "heads"],
    ["`__proto__`", () => new nn.Transformer(4, JSON.parse('{"__proto__": 1}') as never), "__proto__"],
    ["an option twice", () => new nn.Transformer(4, 2, 1, { nhead: 2 }), "nhead once"],
    ["arguments after options", () => new nn.Transformer(4, { nhead: 2 }, 3), "no further"],
    [
      "more arguments than there are",
      () => new nn.Transformer(4, 2, 1, 1, 6, 0, "relu", null, null, 1e-5, true, true, true, 7),
      "no further",
    ],
    [
      "an encoder that is no module",
      () => new nn.Transformer({ customEncoder: {} as never }),
      "customEncoder",
    ],
    ["a mask of no size", () => nn.Transformer.generateSquareSubsequentMask(0), "size"],
    ["a target of another size", () => small().call(src, torch.zeros(2, 2, 3)), "dModel 4"],
    ["a target of other rows", () => small().call(src, torch.zeros(2, 3, 4)), "as many rows"],
    ["a target without a batch", () => small().call(src, torch.zeros(2, 4)), "as many rows"],
    ["no target", () => small().call(src, undefined as never), "a tensor"],
    ["a flag that is none", () => small().call(src, tgt, { tgtIsCausal: 1 } as never), "tgtIsCausal"],
  ])("refuses %s", (_what, act, text) => {
    expect(act).toThrow(new RegExp(`.*: expected .*got .*`));
    expect(act).toThrow(text);
  });
});
