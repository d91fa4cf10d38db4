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
