/* eslint-disable @typescript-eslint/no-explicit-any, max-len -- modules of every kind; texts of Python */
import * as torch from "@unroll/api/torch";
import { F, nn, type Tensor } from "@unroll/api/torch";

/** The inputs of `fixtures/torch-modules`, by name. */
export type Inputs = Readonly<Record<string, Tensor>>;

/** A recorded case in JavaScript. */
export interface Counterpart {
  /** The module; left out where a function is recorded. */
  readonly make?: () => nn.Module;
  /** The call; by default of the module with the inputs in the order of the arguments. */
  readonly call?: (of: Inputs, module: any) => unknown;
}

const { rnn } = nn.utils;
const causal = (size: number): Tensor =>
  torch.zeros(size, size).maskedFill(torch.ones(size, size).triu(1).bool(), -Infinity);
const turned = (x: Tensor): Tensor => x.transpose(0, 1);

/** A module that is called with one input. */
const of = (make: () => nn.Module, name: string): Counterpart => ({
  make,
  call: (inputs, module) => module.call(inputs[name]),
});

/** A function. */
const does = (call: (inputs: any) => unknown): Counterpart => ({ call });

/** A module, and how it is called. */
const calls = (make: () => nn.Module, call: (module: any, inputs: any) => unknown): Counterpart => ({
  make,
  call: (inputs, module) => call(module, inputs),
});

const heads = (size: number, options: object) => (): nn.Module => new nn.MultiheadAttention(8, size, options);
const encoder = (size: number, options: object) => (): nn.TransformerEncoderLayer =>
  new nn.TransformerEncoderLayer(8, size, { dimFeedforward: 16, ...options });
const decoder = (options: object) => (): nn.TransformerDecoderLayer =>
  new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, ...options });
const first = { batchFirst: true };

/** Each recorded case of Python, with what it is in JavaScript. */
export const counterparts: Readonly<Record<string, Counterpart>> = {
  "nn.Conv2d(4, 6, 3) | img": of(() => new nn.Conv2d(4, 6, 3), "img"),
  "nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), bias=False) | img": of(
    () => new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 0], bias: false }),
    "img",
  ),
  "nn.Conv2d(4, 2, 3, 2) | one": of(() => new nn.Conv2d(4, 2, 3, 2), "one"),
  'nn.Conv2d(4, 6, 3, padding="same", dilation=(1, 2), groups=2) | img': of(
    () => new nn.Conv2d(4, 6, 3, { padding: "same", dilation: [1, 2], groups: 2 }),
    "img",
  ),
  'nn.Conv2d(4, 4, 3, groups=4, padding="valid") | img': of(
    () => new nn.Conv2d(4, 4, 3, { groups: 4, padding: "valid" }),
    "img",
  ),
  'nn.Conv2d(4, 3, 3, padding=2, padding_mode="reflect") | img': of(
    () => new nn.Conv2d(4, 3, 3, { padding: 2, paddingMode: "reflect" }),
    "img",
  ),
  'nn.Conv2d(4, 3, 3, padding=(2, 1), padding_mode="replicate") | img': of(
    () => new nn.Conv2d(4, 3, 3, { padding: [2, 1], paddingMode: "replicate" }),
    "img",
  ),
  'nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular") | img': of(
    () => new nn.Conv2d(4, 3, 3, { padding: 1, paddingMode: "circular" }),
    "img",
  ),
  "nn.MaxPool2d(2) | img": of(() => new nn.MaxPool2d(2), "img"),
  "nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 1)) | one": of(
    () => new nn.MaxPool2d([3, 2], { stride: [2, 1], padding: [1, 1] }),
    "one",
  ),
  "nn.AvgPool2d(2) | img": of(() => new nn.AvgPool2d(2), "img"),
  "nn.AvgPool2d(3, 2, padding=1) | img": of(() => new nn.AvgPool2d(3, { stride: 2, padding: 1 }), "img"),
  "nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False) | img": of(
    () => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }),
    "img",
  ),
  "nn.ConvTranspose1d(3, 4, 3) | t": of(() => new nn.ConvTranspose1d(3, 4, 3), "t"),
  "nn.ConvTranspose1d(3, 4, 3, stride=2, padding=1, output_padding=1) | t": of(
    () => new nn.ConvTranspose1d(3, 4, 3, { stride: 2, padding: 1, outputPadding: 1 }),
    "t",
  ),
  "nn.ConvTranspose1d(3, 6, 2, groups=3, dilation=2, bias=False) | t": of(
    () => new nn.ConvTranspose1d(3, 6, 2, { groups: 3, dilation: 2, bias: false }),
    "t",
  ),
  "nn.ConvTranspose1d(3, 2, 3, padding=1) | u": of(
    () => new nn.ConvTranspose1d(3, 2, 3, { padding: 1 }),
    "u",
  ),
  "nn.AdaptiveAvgPool1d(1) | t": of(() => new nn.AdaptiveAvgPool1d(1), "t"),
  "nn.AdaptiveAvgPool1d(3) | t": of(() => new nn.AdaptiveAvgPool1d([3]), "t"),
  "nn.AdaptiveAvgPool1d(5) | u": of(() => new nn.AdaptiveAvgPool1d(5), "u"),
  "nn.AdaptiveMaxPool1d(1) | t": of(() => new nn.AdaptiveMaxPool1d(1), "t"),
  "nn.AdaptiveMaxPool1d(4) | t": of(() => new nn.AdaptiveMaxPool1d(4), "t"),
  "nn.AdaptiveAvgPool2d(1) | img": of(() => new nn.AdaptiveAvgPool2d(1), "img"),
  "nn.AdaptiveAvgPool2d((4, 2)) | img": of(() => new nn.AdaptiveAvgPool2d([4, 2]), "img"),
  "nn.AdaptiveMaxPool2d((None, 3)) | img": of(() => new nn.AdaptiveMaxPool2d([null, 3]), "img"),
  "nn.ZeroPad1d(2) | t": of(() => new nn.ZeroPad1d(2), "t"),
  "nn.ZeroPad2d((1, 2, 0, 3)) | img": of(() => new nn.ZeroPad2d([1, 2, 0, 3]), "img"),
  "nn.ConstantPad1d((1, 3), 0.5) | t": of(() => new nn.ConstantPad1d([1, 3], 0.5), "t"),
  "nn.ConstantPad1d((-1, -2), 0.5) | t": of(() => new nn.ConstantPad1d([-1, -2], 0.5), "t"),
  "nn.ConstantPad2d(1, -2.5) | one": of(() => new nn.ConstantPad2d(1, -2.5), "one"),
  "nn.ReflectionPad1d(3) | t": of(() => new nn.ReflectionPad1d(3), "t"),
  "nn.ReflectionPad1d((0, 2)) | u": of(() => new nn.ReflectionPad1d([0, 2]), "u"),
  "nn.ReflectionPad2d((1, 2, 3, 1)) | img": of(() => new nn.ReflectionPad2d([1, 2, 3, 1]), "img"),
  "nn.ReplicationPad1d((9, 2)) | t": of(() => new nn.ReplicationPad1d([9, 2]), "t"),
  "nn.ReplicationPad2d(2) | one": of(() => new nn.ReplicationPad2d(2), "one"),
  "nn.CircularPad1d((2, 7)) | t": of(() => new nn.CircularPad1d([2, 7]), "t"),
  "nn.CircularPad2d((1, 0, 2, 1)) | img": of(() => new nn.CircularPad2d([1, 0, 2, 1]), "img"),
  "F.pad | x, (1, 2)": does(({ x }) => F.pad(x, [1, 2])),
  "F.pad | x, (0, 1, 2, 0), value=-inf": does(({ x }) => F.pad(x, [0, 1, 2, 0], "constant", -Infinity)),
  "F.pad | t, (1, -2, 0, 0, 1, 1)": does(({ t }) => F.pad(t, [1, -2, 0, 0, 1, 1])),
  "F.pad | ids, (1, 2), value=7": does(({ ids }) => F.pad(ids, [1, 2], "constant", 7)),
  'F.pad | t, (1, 1), mode="replicate"': does(({ t }) => F.pad(t, [1, 1], "replicate")),
  "nn.Bilinear(4, 3, 5) | a, b": calls(
    () => new nn.Bilinear(4, 3, 5),
    (m, { a, b }) => m.call(a, b),
  ),
  "nn.Bilinear(4, 3, 2, bias=False) | a[0], b[0]": calls(
    () => new nn.Bilinear(4, 3, 2, { bias: false }),
    (m, { a, b }) => m.call(a.at(0), b.at(0)),
  ),
  "nn.PReLU() | x": of(() => new nn.PReLU(), "x"),
  "nn.PReLU(3) | t": of(() => new nn.PReLU(3), "t"),
  "nn.PReLU(init=0.1) | v": of(() => new nn.PReLU({ init: 0.1 }), "v"),
  "nn.GLU() | x": of(() => new nn.GLU(), "x"),
  "nn.GLU(1) | img": of(() => new nn.GLU(1), "img"),
  "F.glu | x, dim=-1": does(({ x }) => F.glu(x, { dim: -1 })),
  "nn.GELU() | wide": of(() => new nn.GELU(), "wide"),
  "nn.GELU() | edges": of(() => new nn.GELU(), "edges"),
  'nn.GELU(approximate="tanh") | wide': of(() => new nn.GELU({ approximate: "tanh" }), "wide"),
  'F.gelu | x, approximate="tanh"': does(({ x }) => F.gelu(x, { approximate: "tanh" })),
  "nn.SiLU() | wide": of(() => new nn.SiLU(), "wide"),
  "nn.Mish() | wide": of(() => new nn.Mish(), "wide"),
  "nn.Hardtanh() | wide": of(() => new nn.Hardtanh(), "wide"),
  "nn.Hardtanh(-2, 0.5) | x": of(() => new nn.Hardtanh(-2, 0.5), "x"),
  "nn.ReLU6() | wide": of(() => new nn.ReLU6(), "wide"),
  "nn.SELU() | wide": of(() => new nn.SELU(), "wide"),
  "nn.CELU(0.7) | wide": of(() => new nn.CELU(0.7), "wide"),
  "F.celu | x": does(({ x }) => F.celu(x)),
  "nn.Threshold(0.1, 20) | edges": of(() => new nn.Threshold(0.1, 20), "edges"),
  "nn.Softsign() | x": of(() => new nn.Softsign(), "x"),
  "nn.Tanhshrink() | x": of(() => new nn.Tanhshrink(), "x"),
  "nn.LogSigmoid() | wide": of(() => new nn.LogSigmoid(), "wide"),
  "nn.Softmin(dim=1) | x": of(() => new nn.Softmin({ dim: 1 }), "x"),
  "F.softmin | t, dim=1": does(({ t }) => F.softmin(t, 1)),
  "nn.Softmax2d() | img": of(() => new nn.Softmax2d(), "img"),
  "nn.Hardshrink() | edges": of(() => new nn.Hardshrink(), "edges"),
  "nn.Hardshrink(1) | edges": of(() => new nn.Hardshrink(1), "edges"),
  "nn.Softshrink() | edges": of(() => new nn.Softshrink(), "edges"),
  "nn.Softshrink(0.1) | x": of(() => new nn.Softshrink(0.1), "x"),
  "nn.Hardswish() | wide": of(() => new nn.Hardswish(), "wide"),
  "nn.RReLU() | x": of(() => new nn.RReLU(), "x"),
  "nn.RReLU(0.2, 0.4) | x": of(() => new nn.RReLU(0.2, 0.4), "x"),
  "F.rrelu | x, lower=0.3": does(({ x }) => F.rrelu(x, { lower: 0.3 })),
  "F.hardtanh | x, max_val=0.25": does(({ x }) => F.hardtanh(x, { maxVal: 0.25 })),
  "F.threshold | x, 0, -1": does(({ x }) => F.threshold(x, 0, -1)),
  "nn.MultiheadAttention(8, 2, batch_first=True) | src, src, src, key_padding_mask=pad": calls(
    heads(2, first),
    (m, { src, pad }) => m.call(src, src, src, { keyPaddingMask: pad }),
  ),
  "nn.MultiheadAttention(8, 2, batch_first=True) | src, src, src, attn_mask=late": calls(
    heads(2, first),
    (m, { src, late }) => m.call(src, src, src, { attnMask: late }),
  ),
  "nn.MultiheadAttention(8, 2, batch_first=True) | src, src, src, attn_mask=bias, average_attn_weights=False":
    calls(heads(2, first), (m, { src, bias }) =>
      m.call(src, src, src, { attnMask: bias, averageAttnWeights: false }),
    ),
  "nn.MultiheadAttention(8, 2, batch_first=True, bias=False) | src, src, src, attn_mask=each, need_weights=False":
    calls(heads(2, { ...first, bias: false }), (m, { src, each }) =>
      m.call(src, src, src, { attnMask: each, needWeights: false }),
    ),
  "nn.MultiheadAttention(8, 4, kdim=6, vdim=6, batch_first=True) | tgt, kv, kv": calls(
    heads(4, { ...first, kdim: 6, vdim: 6 }),
    (m, { tgt, kv }) => m.call(tgt, kv, kv),
  ),
  "nn.MultiheadAttention(8, 2) | tgt.transpose(0, 1), src.transpose(0, 1), src.transpose(0, 1), pad": calls(
    heads(2, {}),
    (m, { tgt, src, pad }) => m.call(turned(tgt), turned(src), turned(src), pad),
  ),
  "nn.MultiheadAttention(8, 2) | row, src[0], src[0]": calls(heads(2, {}), (m, { row, src }) =>
    m.call(row, src.at(0), src.at(0)),
  ),
  "F.scaled_dot_product_attention | q, k, k": does(({ q, k }) => F.scaledDotProductAttention(q, k, k)),
  "F.scaled_dot_product_attention | q, k, k, is_causal=True": does(({ q, k }) =>
    F.scaledDotProductAttention(q, k, k, { isCausal: true }),
  ),
  "F.scaled_dot_product_attention | q, k, k, attn_mask=sees, scale=0.3": does(({ q, k, sees }) =>
    F.scaledDotProductAttention(q, k, k, { attnMask: sees, scale: 0.3 }),
  ),
  "nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) | src": of(encoder(2, first), "src"),
  'nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, activation="gelu", norm_first=True) | src': of(
    encoder(2, { activation: "gelu", normFirst: true }),
    "src",
  ),
  "nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) | src, src_key_padding_mask=pad": calls(
    encoder(2, first),
    (m, { src, pad }) => m.call(src, { srcKeyPaddingMask: pad }),
  ),
  "nn.TransformerEncoderLayer(8, 4, 16, batch_first=True, bias=False, activation=F.silu) | src, late": calls(
    encoder(4, { ...first, bias: false, activation: F.silu }),
    (m, { src, late }) => m.call(src, late),
  ),
  "nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) | src, causal(5), pad.float() * -1e9, is_causal=True":
    calls(encoder(2, first), (m, { src, pad }) => m.call(src, causal(5), pad.float().mul(-1e9), true)),
  "nn.TransformerEncoderLayer(8, 2, 16, layer_norm_eps=0.1) | row": of(
    encoder(2, { layerNormEps: 0.1 }),
    "row",
  ),
  "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, norm=nn.LayerNorm(8)) | src, mask=late, src_key_padding_mask=pad":
    calls(
      () => new nn.TransformerEncoder(encoder(2, first)(), 2, { norm: new nn.LayerNorm(8) }),
      (m, { src, late, pad }) => m.call(src, { mask: late, srcKeyPaddingMask: pad }),
    ),
  "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2) | src": of(
    () => new nn.TransformerEncoder(encoder(2, {})(), 2),
    "src",
  ),
  "nn.TransformerDecoderLayer(8, 2, 16, batch_first=True) | tgt, src": calls(
    decoder(first),
    (m, { tgt, src }) => m.call(tgt, src),
  ),
  'nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu") | tgt, src, late3, cross, tpad, pad':
    calls(
      decoder({ ...first, normFirst: true, activation: "gelu" }),
      (m, { tgt, src, late3, cross, tpad, pad }) => m.call(tgt, src, late3, cross, tpad, pad),
    ),
  "nn.TransformerDecoderLayer(8, 2, 16) | tgt.transpose(0, 1), src.transpose(0, 1), memory_key_padding_mask=pad, tgt_mask=causal(3), tgt_is_causal=True":
    calls(decoder({}), (m, { tgt, src, pad }) =>
      m.call(turned(tgt), turned(src), { memoryKeyPaddingMask: pad, tgtMask: causal(3), tgtIsCausal: true }),
    ),
  "nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), 2, nn.LayerNorm(8)) | tgt, src, tgt_mask=late3":
    calls(
      () => new nn.TransformerDecoder(decoder(first)(), 2, new nn.LayerNorm(8)),
      (m, { tgt, src, late3 }) => m.call(tgt, src, { tgtMask: late3 }),
    ),
  "nn.MSELoss() | x, y": calls(
    () => new nn.MSELoss(),
    (m, { x, y }) => m.call(x, y),
  ),
  'F.mse_loss | x, y, reduction="sum"': does(({ x, y }) => F.mseLoss(x, y, { reduction: "sum" })),
  'F.mse_loss | x, y, reduction="none"': does(({ x, y }) => F.mseLoss(x, y, { reduction: "none" })),
  "nn.L1Loss() | x, y": calls(
    () => new nn.L1Loss(),
    (m, { x, y }) => m.call(x, y),
  ),
  'F.l1_loss | x, y, reduction="none"': does(({ x, y }) => F.l1Loss(x, y, { reduction: "none" })),
  "nn.SmoothL1Loss(beta=0.5) | near, y": calls(
    () => new nn.SmoothL1Loss({ beta: 0.5 }),
    (m, { near, y }) => m.call(near, y),
  ),
  'F.smooth_l1_loss | x, y, reduction="sum"': does(({ x, y }) => F.smoothL1Loss(x, y, { reduction: "sum" })),
  "F.smooth_l1_loss | x, y, beta=0": does(({ x, y }) => F.smoothL1Loss(x, y, { beta: 0 })),
  "nn.HuberLoss(delta=0.7) | x, y": calls(
    () => new nn.HuberLoss({ delta: 0.7 }),
    (m, { x, y }) => m.call(x, y),
  ),
  'F.huber_loss | near, y, reduction="none"': does(({ near, y }) =>
    F.huberLoss(near, y, { reduction: "none" }),
  ),
  "nn.NLLLoss() | logits, ids": calls(
    () => new nn.NLLLoss(),
    (m, { logits, ids }) => m.call(logits, ids),
  ),
  "nn.NLLLoss(weight=wts, ignore_index=2) | logits, ids": {
    make: () => new nn.NLLLoss({ weight: torch.ones(4), ignoreIndex: 2 }),
    call: ({ logits, ids }, m) => m.call(logits, ids),
  },
  "F.nll_loss | logits, some, weight=wts": does(({ logits, some, wts }) =>
    F.nllLoss(logits, some, { weight: wts }),
  ),
  'F.nll_loss | logits, some, reduction="sum"': does(({ logits, some }) =>
    F.nllLoss(logits, some, { reduction: "sum" }),
  ),
  'F.nll_loss | maps, mids, wts, reduction="none"': does(({ maps, mids, wts }) =>
    F.nllLoss(maps, mids, { weight: wts, reduction: "none" }),
  ),
  "F.nll_loss | logits[0], ids[0]": does(({ logits, ids }) => F.nllLoss(logits.at(0), ids.at(0))),
  "nn.CrossEntropyLoss() | logits, ids": calls(
    () => new nn.CrossEntropyLoss(),
    (m, { logits, ids }) => m.call(logits, ids),
  ),
  "nn.CrossEntropyLoss(weight=wts, label_smoothing=0.2) | logits, ids": calls(
    () => new nn.CrossEntropyLoss({ weight: torch.ones(4), labelSmoothing: 0.2 }),
    (m, { logits, ids }) => m.call(logits, ids),
  ),
  "F.cross_entropy | logits, some": does(({ logits, some }) => F.crossEntropy(logits, some)),
  'F.cross_entropy | logits, some, weight=wts, reduction="none"': does(({ logits, some, wts }) =>
    F.crossEntropy(logits, some, { weight: wts, reduction: "none" }),
  ),
  "F.cross_entropy | logits, some, label_smoothing=0.3": does(({ logits, some }) =>
    F.crossEntropy(logits, some, { labelSmoothing: 0.3 }),
  ),
  "F.cross_entropy | logits, ids, weight=wts, label_smoothing=0.3, ignore_index=2": does(
    ({ logits, ids, wts }) =>
      F.crossEntropy(logits, ids, { weight: wts, labelSmoothing: 0.3, ignoreIndex: 2 }),
  ),
  'F.cross_entropy | logits, ids, weight=wts, label_smoothing=0.3, ignore_index=2, reduction="none"': does(
    ({ logits, ids, wts }) =>
      F.crossEntropy(logits, ids, { weight: wts, labelSmoothing: 0.3, ignoreIndex: 2, reduction: "none" }),
  ),
  'F.cross_entropy | maps, mids, reduction="none"': does(({ maps, mids }) =>
    F.crossEntropy(maps, mids, { reduction: "none" }),
  ),
  "F.cross_entropy | maps, mids, label_smoothing=0.1": does(({ maps, mids }) =>
    F.crossEntropy(maps, mids, { labelSmoothing: 0.1 }),
  ),
  "F.cross_entropy | logits[1], ids[1]": does(({ logits, ids }) => F.crossEntropy(logits.at(1), ids.at(1))),
  "F.cross_entropy | logits, share": does(({ logits, share }) => F.crossEntropy(logits, share)),
  "F.cross_entropy | logits, share, weight=wts, label_smoothing=0.1": does(({ logits, share, wts }) =>
    F.crossEntropy(logits, share, { weight: wts, labelSmoothing: 0.1 }),
  ),
  'F.cross_entropy | logits, share, reduction="none"': does(({ logits, share }) =>
    F.crossEntropy(logits, share, { reduction: "none" }),
  ),
  "nn.BCELoss() | probs, goal": calls(
    () => new nn.BCELoss(),
    (m, { probs, goal }) => m.call(probs, goal),
  ),
  "nn.BCELoss(weight=wts) | probs, goal": calls(
    () => new nn.BCELoss({ weight: torch.ones(4) }),
    (m, { probs, goal }) => m.call(probs, goal),
  ),
  'F.binary_cross_entropy | wrong, certain, reduction="none"': does(({ wrong, certain }) =>
    F.binaryCrossEntropy(wrong, certain, { reduction: "none" }),
  ),
  "nn.BCEWithLogitsLoss() | x, goal": calls(
    () => new nn.BCEWithLogitsLoss(),
    (m, { x, goal }) => m.call(x, goal),
  ),
  "nn.BCEWithLogitsLoss(pos_weight=wts, weight=wts) | x, goal": calls(
    () => new nn.BCEWithLogitsLoss({ posWeight: torch.ones(4), weight: torch.ones(4) }),
    (m, { x, goal }) => m.call(x, goal),
  ),
  'F.binary_cross_entropy_with_logits | edges * 30, (edges > 0).float(), reduction="sum"': does(({ edges }) =>
    F.binaryCrossEntropyWithLogits(edges.mul(30), edges.gt(0).float(), { reduction: "sum" }),
  ),
  'nn.KLDivLoss(reduction="batchmean") | x.log_softmax(1), dist': calls(
    () => new nn.KLDivLoss({ reduction: "batchmean" }),
    (m, { x, dist }) => m.call(x.logSoftmax(1), dist),
  ),
  "F.kl_div | x.log_softmax(1), dist": does(({ x, dist }) => F.klDiv(x.logSoftmax(1), dist)),
  'F.kl_div | x.log_softmax(1), dist.log_softmax(1), reduction="none", log_target=True': does(({ x, dist }) =>
    F.klDiv(x.logSoftmax(1), dist.logSoftmax(1), { reduction: "none", logTarget: true }),
  ),
  'F.kl_div | x.log_softmax(1), dist, reduction="sum"': does(({ x, dist }) =>
    F.klDiv(x.logSoftmax(1), dist, { reduction: "sum" }),
  ),
  'torch.einsum | "ii->i", sq': does(({ sq }) => torch.einsum("ii->i", sq)),
  'torch.einsum | "ii", sq': does(({ sq }) => torch.einsum("ii", sq)),
  'torch.einsum | "bii->b", cube': does(({ cube }) => torch.einsum("bii->b", cube)),
  'torch.einsum | "bii,i->bi", cube, sq[0]': does(({ cube, sq }) =>
    torch.einsum("bii,i->bi", cube, sq.at(0)),
  ),
  'torch.einsum | "iii->i", cube[:1].expand(3, 3, 3)': does(({ cube }) =>
    torch.einsum("iii->i", cube.at(":1").expand(3, 3, 3)),
  ),
  'torch.einsum | "...ij,...jk->...ik", lead, more': does(({ lead, more }) =>
    torch.einsum("...ij,...jk->...ik", lead, more),
  ),
  'torch.einsum | "...ij", lead': does(({ lead }) => torch.einsum("...ij", lead)),
  'torch.einsum | "...ij->...", lead': does(({ lead }) => torch.einsum("...ij->...", lead)),
  'torch.einsum | "b...,b...->b", t, t': does(({ t }) => torch.einsum("b...,b...->b", t, t)),
  'torch.einsum | "...,...", x, v': does(({ x, v }) => torch.einsum("...,...", x, v)),
  'torch.einsum | "i...j,j->...i", lead, v': does(({ lead, v }) => torch.einsum("i...j,j->...i", lead, v)),
  'torch.einsum | "ij,jk->ik", x, v[:, None].t().expand(4, 4)': does(({ x, v }) =>
    torch.einsum("ij,jk->ik", x, v.at(":", null).t().expand(4, 4)),
  ),
  'torch.einsum | "ij,ij->ij", x, x[:, :1]': does(({ x }) => torch.einsum("ij,ij->ij", x, x.at(":", ":1"))),
  "nn.utils.rnn.pad_sequence | [x, y[:1], near[:2]]": does(({ x, y, near }) =>
    rnn.padSequence([x, y.at(":1"), near.at(":2")]),
  ),
  'nn.utils.rnn.pad_sequence | [x[:1], y], batch_first=True, padding_value=-0.5, padding_side="left"': does(
    ({ x, y }) =>
      rnn.padSequence([x.at(":1"), y], { batchFirst: true, paddingValue: -0.5, paddingSide: "left" }),
  ),
  "nn.MaxPool1d(2) | t": of(() => new nn.MaxPool1d(2), "t"),
  "nn.MaxPool1d(3, 2, padding=1) | u": of(() => new nn.MaxPool1d(3, { stride: 2, padding: 1 }), "u"),
  "nn.AvgPool1d(3, stride=2, padding=1) | t": of(() => new nn.AvgPool1d(3, { stride: 2, padding: 1 }), "t"),
  "nn.Conv1d(3, 4, 3, padding=1, dilation=2) | t": of(
    () => new nn.Conv1d(3, 4, 3, { padding: 1, dilation: 2 }),
    "t",
  ),
  "nn.MultiheadAttention(8, 2) | tgt.transpose(0, 1), src.transpose(0, 1), src.transpose(0, 1), need_weights=False":
    calls(heads(2, {}), (m, { tgt, src }) =>
      m.call(turned(tgt), turned(src), turned(src), { needWeights: false }),
    ),
  "nn.MultiheadAttention(8, 2, batch_first=True) | src, src, src, key_padding_mask=pad.float() * -1e4, attn_mask=late.float() * -1e4":
    calls(heads(2, first), (m, { src, pad, late }) =>
      m.call(src, src, src, { keyPaddingMask: pad.float().mul(-1e4), attnMask: late.float().mul(-1e4) }),
    ),
  "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, activation=nn.PReLU()), 1) | src": of(
    () => new nn.TransformerEncoder(encoder(2, { activation: new nn.PReLU() })(), 1),
    "src",
  ),
  "F.selu | x": does(({ x }) => F.selu(x)),
  'torch.einsum | "bij,bjk,bk->bi", cube, cube, sq[:2]': does(({ cube, sq }) =>
    torch.einsum("bij,bjk,bk->bi", cube, cube, sq.at(":2")),
  ),
  "nn.utils.rnn.unpad_sequence | src, torch.tensor([5, 2]), batch_first=True": does(({ src }) =>
    rnn.unpadSequence(src, [5, 2], { batchFirst: true }),
  ),
  "nn.Transformer(8, 2, 1, 1, 16, batch_first=True) | src, tgt": calls(
    () => new nn.Transformer(8, 2, 1, 1, 16, first),
    (module, { src, tgt }) => module.call(src, tgt),
  ),
  'nn.Transformer(8, 2, 1, 2, 16, 0.1, "gelu", norm_first=True, bias=False) | src.transpose(0, 1), tgt.transpose(0, 1), tgt_mask=causal(3), tgt_is_causal=True':
    calls(
      () => new nn.Transformer(8, 2, 1, 2, 16, 0.1, "gelu", { normFirst: true, bias: false }),
      (module, { src, tgt }) =>
        module.call(turned(src), turned(tgt), {
          tgtMask: module.generateSquareSubsequentMask(3),
          tgtIsCausal: true,
        }),
    ),
  "nn.Transformer(d_model=8, nhead=4, num_encoder_layers=2, num_decoder_layers=1, dim_feedforward=12, batch_first=True) | src, tgt, late, late3, cross, pad, tpad, pad":
    calls(
      () =>
        new nn.Transformer({
          dModel: 8,
          nhead: 4,
          numEncoderLayers: 2,
          numDecoderLayers: 1,
          dimFeedforward: 12,
          batchFirst: true,
        }),
      (module, { src, tgt, late, late3, cross, pad, tpad }) =>
        module.call(src, tgt, late, late3, cross, pad, tpad, pad),
    ),
  "nn.Transformer(8, 2, 1, 1, 16, layer_norm_eps=0.1) | row, src[0], bias[:4, :4], src_is_causal=False":
    calls(
      () => new nn.Transformer(8, 2, 1, 1, { dimFeedforward: 16, layerNormEps: 0.1 }),
      (module, { row, src, bias }) =>
        module.call(row, src.at(0), bias.at(":4", ":4"), { srcIsCausal: false }),
    ),
  "nn.Transformer(8, 2, 1, 1, 16, custom_encoder=nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 9, batch_first=True), 1), batch_first=True) | src, tgt, causal(5), src_is_causal=True, memory_mask=cross":
    calls(
      () =>
        new nn.Transformer(8, 2, 1, 1, 16, {
          customEncoder: new nn.TransformerEncoder(encoder(2, { dimFeedforward: 9, ...first })(), 1),
          batchFirst: true,
        }),
      (module, { src, tgt, cross }) =>
        module.call(src, tgt, nn.Transformer.generateSquareSubsequentMask(5), {
          srcIsCausal: true,
          memoryMask: cross,
        }),
    ),
  "nn.Embedding.from_pretrained(more[0], freeze=False, padding_idx=2) | mids": of(
    () => nn.Embedding.fromPretrained(torch.zeros(4, 2), { freeze: false, paddingIdx: 2 }),
    "mids",
  ),
  "nn.CTCLoss() | frames, labels, steps, counts": calls(
    () => new nn.CTCLoss(),
    (module, { frames, labels, steps, counts }) => module.call(frames, labels, steps, counts),
  ),
  'nn.CTCLoss(4, "sum", zero_infinity=True) | frames, labels, short, many': calls(
    () => new nn.CTCLoss({ blank: 4, reduction: "sum", zeroInfinity: true }),
    (module, { frames, labels, short, many }) => module.call(frames, labels, short, many),
  ),
  'F.ctc_loss | frames, labels, steps, many, reduction="none"': does(({ frames, labels, steps, many }) =>
    F.ctcLoss(frames, labels, steps, many, { reduction: "none" }),
  ),
  'F.ctc_loss | frames, joined, steps, counts, reduction="none"': does(({ frames, joined, steps, counts }) =>
    F.ctcLoss(frames, joined, steps, counts, { reduction: "none" }),
  ),
  "F.ctc_loss | frames, labels, short, counts, zero_infinity=True": does(
    ({ frames, labels, short, counts }) => F.ctcLoss(frames, labels, short, counts, { zeroInfinity: true }),
  ),
  'F.ctc_loss | frames, labels, steps, counts, 3, "sum"': does(({ frames, labels, steps, counts }) =>
    F.ctcLoss(frames, labels, steps, counts, { blank: 3, reduction: "sum" }),
  ),
  "F.ctc_loss | frames[:, 0], labels[0], steps[0], counts[0]": does(({ frames, labels }) =>
    F.ctcLoss(frames.at(":", 0), labels.at(0), 6, 4),
  ),
  'F.ctc_loss | frames[:, 0], labels[0], (5,), (4,), reduction="none"': does(({ frames, labels }) =>
    F.ctcLoss(frames.at(":", 0), labels.at(0), [5], [4], { reduction: "none" }),
  ),
  'F.ctc_loss | frames, labels, (6, 0, 2), (0, 0, 0), reduction="none"': does(({ frames, labels }) =>
    F.ctcLoss(frames, labels, [6, 0, 2], [0, 0, 0], { reduction: "none" }),
  ),
};
