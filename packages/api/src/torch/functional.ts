import { unrollError } from "../contract/error.js";
import type { HostTensor } from "../contract/tensor.js";
import type { ActivationSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { count } from "./layers.js";
import { activate, dropOut } from "./pointwise.js";
import { SymbolicTensor } from "./symbolic.js";
import type { Unary } from "./tensor/elementwise.js";
import * as functions from "./tensor/functions.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

export { scaledDotProductAttention } from "./attention.js";
export { bilinear } from "./bilinear.js";
export { crossEntropy, nllLoss } from "./class-losses.js";
export { ctcLoss } from "./ctc.js";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  smoothL1Loss,
} from "./losses.js";
export { pad } from "./pads.js";
export { hardshrink, hardtanh, prelu, rrelu, softshrink, threshold } from "./piecewise.js";
export { softmin } from "./shares.js";
export { celu, gelu, glu, selu } from "./smooth.js";

/** `dim`, by itself or by name. PyTorch guesses one where it is left out, and warns; here it is the last. */
function dimOf(place: string, options: unknown, rest: readonly unknown[]): number {
  noMore(place, rest);
  return optionsOf<{ dim?: number }>(place, options, ["dim"], "dim").dim ?? -1;
}

/** A function of each element that has no parameters in PyTorch. */
const pointwise =
  (name: string, activation: ActivationSpec["activation"], unary: Unary) =>
  (x: Tensor, ...rest: never[]): Tensor => {
    noMore(`F.${name}`, rest, "it has no parameters");
    return x instanceof SymbolicTensor
      ? activate(x, activation)
      : tensorOf(`F.${name}`, x).elementwise(unary);
  };

/** A function of each element that only runs of single operations have. */
const single =
  (unary: Unary) =>
  (x: Tensor, ...rest: never[]): Tensor => {
    noMore(`F.${unary}`, rest, "only PyTorch's defaults are there");
    return tensorOf(`F.${unary}`, x).elementwise(unary);
  };

/** tanh of each element. */
export const tanh = pointwise("tanh", "tanh", "tanh");
/** 1 / (1 + e^-x) of each element. */
export const sigmoid = pointwise("sigmoid", "sigmoid", "sigmoid");
/** max(x, 0) of each element. */
export const relu = pointwise("relu", "relu", "relu");
/** clip(x/6 + 1/2, 0, 1) of each element, PyTorch's form. */
export const hardsigmoid = pointwise("hardsigmoid", "hardSigmoidSixth", "hardsigmoid");
/** x / (1 + |x|) of each element. */
export const softsign = pointwise("softsign", "softsign", "softsign");
/** x · sigmoid(x) of each element. */
export const silu = single("silu");
/** x · tanh(log(1 + e^x)) of each element. */
export const mish = single("mish");
/** log of the sigmoid of each element. */
export const logsigmoid = single("logsigmoid");
/** min(max(x, 0), 6) of each element. */
export const relu6 = single("relu6");
/** x · hardsigmoid(x) of each element. */
export const hardswish = single("hardswish");
/** x - tanh(x) of each element. */
export const tanhshrink = single("tanhshrink");

/**
 * log(1 + e^x) of each element; with `beta`, log(1 + e^(beta x)) / beta. PyTorch's is x itself where beta x
 * is above `threshold`, which is the same number there unless it is below 17.
 */
export function softplus(
  x: Tensor,
  options?: number | { beta?: number; threshold?: number },
  ...rest: never[]
): Tensor {
  noMore("F.softplus", rest, "give options by name");
  const { beta = 1, threshold = 20 } = optionsOf<{ beta?: number; threshold?: number }>(
    "F.softplus",
    options,
    ["beta", "threshold"],
    "beta",
  );
  if (x instanceof SymbolicTensor && beta === 1 && threshold >= 17) return activate(x, "softplus");
  const own = tensorOf("F.softplus", x);
  const scaled = own.mul(beta);
  const soft = scaled.elementwise("softplus").div(beta);
  return threshold >= 17 ? soft : own.where(scaled.gt(threshold), soft);
}

/** x if x > 0, else alpha · (e^x - 1), of each element; alpha is 1 unless it is said. */
export function elu(x: Tensor, options?: number | { alpha?: number }, ...rest: never[]): Tensor {
  noMore("F.elu", rest);
  const { alpha = 1 } = optionsOf<{ alpha?: number }>("F.elu", options, ["alpha"], "alpha");
  if (x instanceof SymbolicTensor && alpha === 1) return activate(x, "elu");
  return tensorOf("F.elu", x).elementwise("elu", alpha);
}

/** x if x > 0, else `negativeSlope` · x, of each element; 0.01 unless it is said. */
export function leakyRelu(
  x: Tensor,
  options?: number | { negativeSlope?: number },
  ...rest: never[]
): Tensor {
  noMore("F.leakyRelu", rest);
  const { negativeSlope = 0.01 } = optionsOf<{ negativeSlope?: number }>(
    "F.leakyRelu",
    options,
    ["negativeSlope"],
    "negativeSlope",
  );
  if (x instanceof SymbolicTensor && negativeSlope === 0.01) return activate(x, "leakyRelu");
  return tensorOf("F.leakyRelu", x).elementwise("leakyRelu", negativeSlope);
}

/** e^x / Σ e^x along an axis, the last one unless `dim` says another. */
export function softmax(x: Tensor, options?: number | { dim?: number }, ...rest: never[]): Tensor {
  const dim = dimOf("F.softmax", options, rest);
  if (x instanceof SymbolicTensor && dim === -1) return activate(x, "softmax");
  return tensorOf("F.softmax", x).softmax(dim);
}

/** log of the softmax along an axis, the last one unless `dim` says another. */
export function logSoftmax(x: Tensor, options?: number | { dim?: number }, ...rest: never[]): Tensor {
  const dim = dimOf("F.logSoftmax", options, rest);
  if (x instanceof SymbolicTensor && dim === -1) return activate(x, "logSoftmax");
  return tensorOf("F.logSoftmax", x).logSoftmax(dim);
}

/** Identity: models here are in eval mode. `p`, the share that training drops, is kept in the spec. */
export function dropout(x: Tensor, options?: number | { p?: number }, ...rest: never[]): Tensor {
  noMore("F.dropout", rest);
  const { p = 0.5 } = optionsOf<{ p?: number }>("F.dropout", options, ["p"], "p");
  return x instanceof SymbolicTensor ? dropOut(x, p) : tensorOf("F.dropout", x);
}

/** x · weightᵀ + bias over the last axis: weight [outFeatures, inFeatures], bias [outFeatures]. */
export function linear(x: Tensor, weight: Tensor | HostTensor, bias?: Tensor | HostTensor | null): Tensor {
  const product = tensorOf("F.linear", x).matmul(tensorOf("F.linear", weight).t());
  return bias === null || bias === undefined ? product : product.add(bias);
}

/**
 * Ones at the places of ids along a new last axis, of numClasses, which has to be given: a trace has no ids
 * to look for the largest.
 *
 * @throws UNROLL_ARGUMENT for what is no number of classes
 */
export function oneHot(ids: Tensor | HostTensor, numClasses: number): Tensor {
  const own = tensorOf("F.oneHot", ids);
  count("F.oneHot", "numClasses", numClasses);
  const all = new Int32Array(numClasses).map((_, k) => k);
  return own
    .unsqueeze(-1)
    .eq({ dtype: "int32", shape: [numClasses], data: all })
    .long();
}

/** Rows of a table by id: ids of any shape to [..., embeddingDim]. */
export function embedding(ids: Tensor | HostTensor, weight: Tensor | HostTensor): Tensor {
  return tensorOf("F.embedding", weight).indexSelect(0, ids);
}

/**
 * Joins tensors along an axis, as `torch.cat(tensors, dim)`: along the first one unless `dim` says another.
 *
 * @throws UNROLL_ARGUMENT without tensors
 */
export function cat(
  tensors: readonly (Tensor | HostTensor)[],
  options?: number | { dim?: number },
  ...rest: never[]
): Tensor {
  noMore("cat", rest);
  const { dim } = optionsOf<{ dim?: number }>("cat", options, ["dim"], "dim");
  const [first] = tensors;
  if (Array.isArray(tensors) && tensors.every((one) => one instanceof SymbolicTensor) && first) {
    const described = tensors as unknown as readonly SymbolicTensor[];
    if (described.length === 1) return described[0]!;
    if (dim === -1) return described[0]!.graph.merge("concat", described);
    return described[0]!.beyond(`cat() along dim ${dim ?? 0}`);
  }
  if (Array.isArray(tensors) && tensors.length === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "cat",
      expected: "tensors",
      got: "none",
      cure: "give at least one",
    });
  return functions.cat(tensors, options);
}
