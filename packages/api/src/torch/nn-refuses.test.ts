import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import * as torch from "./index.js";
import { F, nn } from "./index.js";

const { rnn } = nn.utils;
const x = torch.ones(3, 4);
const image = torch.ones(1, 2, 4, 4);
const ids = torch.tensor([0, 1, 3], { dtype: "long" });
const any = (value: unknown): never => value as never;

const cases: readonly (readonly [what: string, run: () => unknown, message: string])[] = [
  [
    "an image's rank",
    () => new nn.Conv2d(2, 3, 3).call(x),
    "nn.Conv2d: expected an input [batch, 2, height, width]",
  ],
  [
    "an image's channels",
    () => new nn.Conv2d(3, 3, 3).call(image),
    "[batch, 3, height, width], got [1, 2, 4, 4]",
  ],
  ["a window too large", () => new nn.MaxPool2d(5).call(image), "a window that fits into 4"],
  [
    "a pair of three",
    () => new nn.Conv2d(2, 3, any([1, 2, 3])),
    "kernelSize as a whole number of at least 1, or two",
  ],
  [
    "a stride of 0",
    () => new nn.Conv2d(2, 3, 3, { stride: [1, 0] }),
    "stride as a whole number of at least 1",
  ],
  [
    "same with a stride",
    () => new nn.Conv2d(2, 2, 3, { stride: 2, padding: "same" }),
    'stride 1 with padding "same"',
  ],
  ["groups", () => new nn.Conv2d(2, 3, 3, { groups: 2 }), "groups that divide 2 and 3, got 2"],
  ["an option", () => new nn.Conv2d(2, 3, 3, any({ device: "cpu" })), "device"],
  ["a position too many", () => new nn.Conv2d(2, 3, 3, 1, any(1)), "no further arguments, got 1"],
  ["ceilMode", () => new nn.MaxPool2d(2, { ceilMode: true }), "expected ceilMode false, got true; F.pad"],
  ["dilation of a pool", () => new nn.MaxPool2d(2, any({ dilation: 2 })), "dilation"],
  [
    "padding of a pool",
    () => new nn.AvgPool2d(2, { padding: [1, 2] }),
    "padding of at most half of kernelSize",
  ],
  [
    "outputPadding",
    () => new nn.ConvTranspose1d(1, 1, 2, { outputPadding: 1 }),
    "outputPadding below stride",
  ],
  [
    "paddingMode",
    () => new nn.ConvTranspose1d(1, 1, 2, any({ paddingMode: "reflect" })),
    "paddingMode zeros",
  ],
  [
    "groups of a transposed one",
    () => new nn.ConvTranspose1d(2, 3, 2, { groups: 2 }),
    "groups that divide 2 and 3",
  ],
  ["an output size", () => new nn.AdaptiveAvgPool1d(0), "outputSize as a whole number of at least 1, got 0"],
  ["two output sizes", () => new nn.AdaptiveAvgPool1d(any([1, 2])), "outputSize as a whole number"],
  [
    "ids to pool",
    () => new nn.AdaptiveMaxPool1d(1).call(torch.ones(1, 2, { dtype: "long" })),
    "expected floats",
  ],
  ["a rank to pool", () => new nn.AdaptiveAvgPool2d(1).call(x), "an input [batch, channels, height, width]"],
  ["pads of an odd number", () => F.pad(x, [1]), "F.pad: expected [before, after] for each of 2 axes"],
  ["pads of too many axes", () => F.pad(x, [1, 1, 1, 1, 1, 1]), "for each of 2 axes at most"],
  ["huge pads", () => F.pad(x, [0, 2 ** 31]), "F.pad: expected [before, after]"],
  ["nothing left", () => F.pad(x, [-2, -2]), "ends that axis 1 has elements for"],
  [
    "a reflection too far",
    () => F.pad(x, [4, 0], "reflect"),
    "ends that axis 1 has elements for, got 4 and 0 of 4",
  ],
  ["a circle too far", () => F.pad(x, [5, 0], "circular"), "got 5 and 0 of 4; pad less"],
  ["a negative reflection", () => F.pad(x, [-1, 0], "reflect"), "no negative ends with mode reflect"],
  [
    "axes of a mode",
    () => F.pad(torch.ones(4), [1, 0], "replicate"),
    "2 or 3 axes, as mode replicate pads 1 of them",
  ],
  ["a value of a mode", () => F.pad(x, [1, 0], "reflect", 1), "a number as value, of mode constant alone"],
  ["a mode", () => F.pad(x, [1, 0], any("mirror")), 'got "mirror"'],
  ["a pad without a value", () => new nn.ConstantPad1d(1, any(undefined)), "a value as a number"],
  ["a pad of three", () => new nn.ZeroPad1d([1, 2, 3]), "one number, or 2, got [1,2,3]"],
  ["a rank to pad", () => new nn.ZeroPad2d(1).call(x), "an input [batch, channels, height, width]"],
  [
    "sizes of a bilinear",
    () => F.bilinear(x, x, torch.ones(2, 4, 3)),
    "expected [..., in1], [..., in2] and weight",
  ],
  ["rows of a bilinear", () => F.bilinear(x, x.at(":2"), torch.ones(2, 4, 4)), "same axes before the last"],
  ["a bound", () => F.hardtanh(x, 1, -1), "minVal of at most maxVal, got 1 and -1"],
  ["three bounds", () => F.hardtanh(x, 1, 2, 3), "no further arguments, got 3"],
  ["a bound by another name", () => F.hardtanh(x, any({ min: 1 })), "min"],
  ["a threshold alone", () => F.threshold(x, 1), "F.threshold: expected value as a number, got null"],
  ["a text as a number", () => new nn.Hardshrink(any("1")), 'lambd as a number, got "1"'],
  ["lambd below 0", () => F.softshrink(x, -1), "lambd of at least 0"],
  ["slopes", () => F.prelu(x, torch.ones(3)), "one slope, or 4, one for each channel, got [3]"],
  ["slopes of nothing", () => new nn.PReLU(0), "numParameters as a whole number of at least 1"],
  ["GELU's formula", () => F.gelu(x, any({ approximate: "erf" })), 'approximate "none" or "tanh", got "erf"'],
  ["GELU of ids", () => F.gelu(ids), "gelu: expected floats, got int32; make them by float()"],
  ["alpha 0", () => F.celu(x, 0), "alpha other than 0"],
  ["half of three", () => F.glu(x, 0), "an even length of dim 0, got [3, 4]"],
  ["an axis of softmin", () => new nn.Softmin(any(undefined)), "expected a dim, got none"],
  ["an option of SiLU", () => new nn.SiLU(any({ inplace: true })), "nn.SiLU: expected no further arguments"],
  [
    "a mask beside isCausal",
    () => F.scaledDotProductAttention(x, x, x, { attnMask: torch.ones(3, 3), isCausal: true }),
    "attnMask or isCausal",
  ],
  [
    "sizes of attention",
    () => F.scaledDotProductAttention(x, x.t(), x),
    "[..., target, d], [..., source, d]",
  ],
  ["enableGqa", () => F.scaledDotProductAttention(x, x, x, any({ enableGqa: true })), "enableGqa"],
  ["an activation", () => new nn.TransformerEncoderLayer(4, 2, { activation: any("silu") }), 'got "silu"'],
  [
    "a layer",
    () => new nn.TransformerEncoder(any(new nn.Linear(1, 1)), 2),
    "a layer, nn.TransformerEncoderLayer",
  ],
  ["no layers", () => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2), 0), "numLayers"],
  [
    "a norm",
    () => new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 2), 1, any({ norm: 3 })),
    "as norm",
  ],
  [
    "an option of a call",
    () => new nn.TransformerEncoderLayer(4, 2).call(x, any({ attnMask: x })),
    "attnMask",
  ],
  ["options and more", () => new nn.TransformerEncoderLayer(4, 2).call(x, {}, x), "no further arguments"],
  [
    "a loss of other shapes",
    () => F.mseLoss(x, torch.ones(4)),
    "input and target of one shape, got [3, 4] and [4]",
  ],
  ["a loss of ids", () => F.l1Loss(ids, ids), "F.l1Loss: expected floats"],
  [
    "a reduction",
    () => F.mseLoss(x, x, any({ reduction: "max" })),
    'reduction "none", "mean" or "sum", got "max"',
  ],
  ["sizeAverage", () => F.mseLoss(x, x, any({ sizeAverage: false })), "sizeAverage"],
  ["batchmean", () => F.l1Loss(x, x, any({ reduction: "batchmean" })), 'got "batchmean"'],
  ["beta", () => F.smoothL1Loss(x, x, { beta: -1 }), "beta of at least 0, got -1"],
  ["delta", () => F.huberLoss(x, x, { delta: 0 }), "delta above 0, got 0"],
  ["a class that there is not", () => F.nllLoss(x, torch.tensor([0, 1, 4], { dtype: "long" })), "got 4"],
  ["a class below", () => F.crossEntropy(x, torch.tensor([0, 1, -1], { dtype: "long" })), "got -1"],
  ["floats as classes", () => F.nllLoss(x, torch.ones(3)), "class ids (int32), got float32"],
  ["too few classes", () => F.crossEntropy(x, ids.at(":2")), "a target [3] of class ids, got [2]"],
  [
    "a class's weight",
    () => F.crossEntropy(x, ids, { weight: torch.ones(3) }),
    "weight [4], one for each class",
  ],
  ["too much smoothing", () => F.crossEntropy(x, ids, { labelSmoothing: 1.5 }), "labelSmoothing from 0 to 1"],
  ["probabilities of rows", () => F.crossEntropy(x, torch.ones(3)), "probabilities [3, 4], got [3]"],
  ["ignoreIndex of probabilities", () => F.crossEntropy(x, x, { ignoreIndex: 0 }), "no ignoreIndex beside"],
  [
    "a scalar of classes",
    () => F.nllLoss(torch.tensor(1), torch.tensor(0)),
    "[batch, classes, ...] or [classes]",
  ],
  ["posWeight elsewhere", () => F.binaryCrossEntropy(x, x, any({ posWeight: x })), "posWeight"],
  ["no sequences", () => rnn.padSequence([]), "padSequence: expected a list of tensors"],
  ["other sizes", () => rnn.padSequence([x, torch.ones(2, 3)]), "as [3, 4] but for time, got [2, 3]"],
  ["a side", () => rnn.padSequence([x], { paddingSide: any("top") }), 'paddingSide "left" or "right"'],
  [
    "an order",
    () => rnn.packSequence([x.at(":1"), x]),
    "expected lengths from longest to shortest, got [1, 3]",
  ],
  ["other lengths", () => rnn.unpadSequence(x, [1]), "expected 4 lengths, one for each row, got 1"],
  ["a length too long", () => rnn.unpadSequence(x, [1, 2, 3, 4]), "within dim 0 of [3]"],
  ["what is not packed", () => rnn.unpackSequence(any(x)), "a packed sequence, got EagerTensor"],
  ["no state dict", () => new nn.Linear(1, 1).loadStateDict(any(null)), "expected tensors by name, got null"],
  [
    "what is no tensor in a state dict",
    () => new nn.Linear(1, 1).loadStateDict(any({ weight: torch.ones(1, 1), bias: [1] })),
    "expected tensors by name, got Array as bias; e.g. readSafetensors(bytes).tensors",
  ],
  [
    "a flag that is a text",
    () => new nn.Linear(1, 1, any({ bias: "False" })),
    'bias true or false, got "False"',
  ],
  ["a flag that is nothing", () => new nn.Linear(1, 1, any({ bias: null })), "bias true or false, got null"],
  [
    "a flag behind a position",
    () => new nn.LSTM(1, 1, 2, any({ batchFirst: "yes" })),
    'batchFirst true or false, got "yes"',
  ],
  ["a number as a flag", () => new nn.AvgPool2d(2, any({ ceilMode: 1 })), "ceilMode true or false, got 1"],
  [
    "strictness",
    () => new nn.Linear(1, 1).loadStateDict({}, any({ strict: 0 })),
    "strict true or false, got 0",
  ],
  ["persistence", () => new nn.Buffer(x, any({ persistent: "no" })), "persistent true or false"],
  ["gradients", () => new nn.Parameter(x, any({ requiresGrad: 1 })), "requiresGrad true or false"],
  [
    "a causal mask by position",
    () => new nn.TransformerEncoderLayer(4, 2).call(x.view(3, 1, 4), null, null, any("no")),
    'isCausal true or false, got "no"',
  ],
  [
    "a weight that is a number",
    () => new nn.BCELoss(any({ weight: 0 })),
    "nn.Buffer: expected a tensor, got 0",
  ],
  [
    "a mask that is a number",
    () =>
      new nn.MultiheadAttention(4, 2)
        .apply((one) => one.parameters().forEach((weight) => nn.init.ones_(weight)))
        .call(x, x, x, any({ attnMask: 0 })),
    "attnMask [3, 3] or [2, 3, 3], got []",
  ],
  ["half a class", () => F.nllLoss(x, ids, { ignoreIndex: 0.5 }), "ignoreIndex as a whole number, got 0.5"],
  [
    "a class beside probabilities",
    () => F.crossEntropy(x, x, any({ ignoreIndex: "x" })),
    "expected ignoreIndex as a number",
  ],
  ["a place of a text", () => new nn.ModuleList([new nn.Tanh()]).at(any("x")), "an index from -1 to 0"],
  ["half a place", () => new nn.ModuleList([new nn.Tanh()]).at(0.5), "an index from -1 to 0, got 0.5"],
  ["no number of classes", () => F.oneHot(ids, any(undefined)), "numClasses as a whole number of at least 1"],
  [
    "a number of classes below 1",
    () => F.oneHot(ids, -1),
    "numClasses as a whole number of at least 1, got -1",
  ],
  ["a text as a value", () => new nn.Parameter(torch.ones(2)).load(any([1, "x"])), 'numbers, got "x" at 1'],
  ["nothing as a value", () => new nn.Buffer(torch.ones(1)).load(any([null])), "numbers, got null at 0"],
  [
    "large whole numbers",
    () => new nn.Parameter(torch.ones(1)).load(any(BigInt64Array.of(1n))),
    "numbers, got 1",
  ],
  ["what is no function of modules", () => new nn.Linear(1, 1).apply(any("reset")), "a function of modules"],
  [
    "an example that is no list",
    () => new nn.Linear(1, 1).spec(any({ example: 3 })),
    "a list of arguments, got 3",
  ],
  ["no options of a spec", () => new nn.Linear(1, 1).spec(any(3)), "expected options by name, got 3"],
  ["no equation", () => torch.einsum(any(3), x), "expected an equation, got 3"],
  ["no lengths", () => rnn.unpadSequence(x, any(undefined)), "how many steps each row has, got undefined"],
  ["training mode", () => new nn.Linear(1, 1).train(), "expected eval mode, got training mode; leave it out"],
  ["a device", () => new nn.Linear(1, 1).to(any("cuda")), 'expected an engine, got "cuda"; e.g. builtin()'],
  [
    "an engine and more",
    () => new nn.Linear(1, 1).to(builtin(), any(true)),
    "no further arguments, got true",
  ],
  [
    "a name of every object",
    () => new nn.ModuleDict(Object.fromEntries([["__proto__", new nn.Linear(1, 1)]])),
    "a name without dots that nothing else has",
  ],
];

it("adds a bias that is a number, as numbers are elsewhere, and takes null for no causality", () => {
  const none = F.linear(x, torch.ones(2, 4));
  expect(F.linear(x, torch.ones(2, 4), any(0)).tolist()).toEqual(none.tolist());
  expect(F.linear(x, torch.ones(2, 4), any(NaN)).tolist()).toEqual(none.mul(NaN).tolist());
  const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3 });
  for (const one of layer.parameters()) nn.init.ones_(one);
  const input = torch.randn(3, 1, 4);
  expect(layer.call(input, null, null, null).tolist()).toEqual(layer.call(input).tolist());
});

it("train(false) is eval(), and no engine stays the one that there was", () => {
  const module = new nn.Linear(1, 1);
  expect(module.train(false)).toBe(module);
  expect(() => module.to(any(null))).toThrow("expected an engine, got null");
  expect(module.to(builtin())).toBe(module);
});

describe("nn and F refuse, and say what to do instead", () => {
  it.each(cases)("%s", (_what, run, message) => {
    let error: unknown;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error | undefined)?.message ?? "nothing was thrown").toContain(message);
    expect(isUnrollError(error)).toBe(true);
    expect((error as Error).message).toMatch(/^.+: expected .+, got .+; .+$/s);
  });
});

describe("nn.utils.rnn", () => {
  it("packs sequences, runs them, and takes them apart", async () => {
    torch.manualSeed(3);
    const lstm = new nn.LSTM(4, 2);
    for (const one of lstm.parameters()) nn.init.normal_(one);
    const sequences = [torch.randn(2, 4), torch.randn(5, 4), torch.randn(1, 4)];
    const packed = rnn.packSequence(sequences, { enforceSorted: false });
    expect([packed.lengths, packed.data.shape]).toEqual([
      [2, 5, 1],
      [5, 3, 4],
    ]);
    const back = rnn.unpackSequence(packed);
    back.forEach((one, k) => expect(one.tolist()).toEqual(sequences[k]!.tolist()));
    const [made] = lstm.call(packed);
    const outputs = rnn.unpackSequence(made as never);
    sequences.forEach((one, k) => {
      const [alone] = lstm.call(one);
      expect(outputs[k]!.sub(alone).abs().max().item()).toBeLessThan(1e-6);
    });
    const [padded, lengths] = rnn.padPackedSequence(packed, {
      batchFirst: true,
      totalLength: 6,
      paddingValue: 9,
    });
    expect([padded.shape, lengths, padded.at(2, ":", 0).tolist()]).toEqual([
      [3, 6, 4],
      [2, 5, 1],
      [sequences[2]!.at(0, 0).item(), 9, 9, 9, 9, 9],
    ]);
  });

  it("pads in a trace as at once", async () => {
    class Padding extends nn.Module {
      forward(a: torch.Tensor, b: torch.Tensor): torch.Tensor {
        return rnn.padSequence([a, b], { paddingValue: 0.5, paddingSide: "left" });
      }
    }
    const module = new Padding();
    const given = [torch.randn(1, 2), torch.randn(3, 2)] as const;
    expect((await module.run(...given)).tolist()).toEqual(module.call(...given).tolist());
    module.dispose();
  });
});

describe("a stack of layers", () => {
  it("begins as copies of the layer that it is given, each with weights of its own", () => {
    torch.manualSeed(5);
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3 });
    for (const one of layer.parameters()) nn.init.uniform_(one);
    const encoder = new nn.TransformerEncoder(layer, 2);
    const [first, second] = [0, 1].map((k) => encoder.getParameter(`layers.${k}.linear1.weight`));
    expect(first!.tolist()).toEqual(layer.linear1.weight.tolist());
    expect(second!.tolist()).toEqual(first!.tolist());
    nn.init.zeros_(second!);
    expect(first!.tolist()).toEqual(layer.linear1.weight.tolist());
    expect(Object.keys(encoder.stateDict())).not.toContain("layers.2.linear1.weight");
  });
});
