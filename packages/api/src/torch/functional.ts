import { unrollError } from "../contract/error.js";
import type { ActivationSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { activate, dropOut } from "./pointwise.js";
import type { SymbolicTensor } from "./symbolic.js";

function lastAxis(place: string, dim: number): void {
  if (dim !== -1)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: place,
      expected: "dim -1, the last axis",
      got: `${dim}`,
      cure: "other axes are not supported",
      details: { dim },
    });
}

/** `dim`, by itself or by name; -1 where it is left out. */
function dimOf(place: string, options: unknown, rest: readonly unknown[]): number {
  noMore(place, rest);
  return optionsOf<{ dim?: number }>(place, options, ["dim"], "dim").dim ?? -1;
}

/** A function of each element, whose parameters in PyTorch have their defaults. */
const pointwise =
  (name: string, activation: ActivationSpec["activation"]) =>
  (x: SymbolicTensor, ...rest: never[]): SymbolicTensor => {
    noMore(`F.${name}`, rest, "only PyTorch's defaults are there");
    return activate(x, activation);
  };

/** tanh of each element. */
export const tanh = pointwise("tanh", "tanh");
/** 1 / (1 + e^-x) of each element. */
export const sigmoid = pointwise("sigmoid", "sigmoid");
/** max(x, 0) of each element. */
export const relu = pointwise("relu", "relu");
/** clip(x/6 + 1/2, 0, 1) of each element, PyTorch's form. */
export const hardsigmoid = pointwise("hardsigmoid", "hardSigmoidSixth");
/** x / (1 + |x|) of each element. */
export const softsign = pointwise("softsign", "softsign");
/** log(1 + e^x) of each element. */
export const softplus = pointwise("softplus", "softplus");
/** x if x > 0, else e^x - 1, of each element. */
export const elu = pointwise("elu", "elu");
/** x if x > 0, else 0.01 x, of each element. */
export const leakyRelu = pointwise("leakyRelu", "leakyRelu");

/** e^x / Σ e^x along the last axis; `dim` may be left out or -1. @throws UNROLL_UNSUPPORTED for another */
export function softmax(
  x: SymbolicTensor,
  options?: number | { dim?: number },
  ...rest: never[]
): SymbolicTensor {
  lastAxis("F.softmax", dimOf("F.softmax", options, rest));
  return activate(x, "softmax");
}

/**
 * log of the softmax along the last axis; `dim` may be left out or -1. @throws UNROLL_UNSUPPORTED for another
 */
export function logSoftmax(
  x: SymbolicTensor,
  options?: number | { dim?: number },
  ...rest: never[]
): SymbolicTensor {
  lastAxis("F.logSoftmax", dimOf("F.logSoftmax", options, rest));
  return activate(x, "logSoftmax");
}

/** Identity: models here are in eval mode. `p`, the share that training drops, is kept in the spec. */
export function dropout(
  x: SymbolicTensor,
  options?: number | { p?: number },
  ...rest: never[]
): SymbolicTensor {
  noMore("F.dropout", rest);
  return dropOut(x, optionsOf<{ p?: number }>("F.dropout", options, ["p"], "p").p ?? 0.5);
}

/**
 * Joins tensors along the last axis, as `torch.cat(tensors, dim=-1)`; `dim` may be left out or -1.
 *
 * @throws UNROLL_UNSUPPORTED for another axis; UNROLL_ARGUMENT without tensors
 */
export function cat(
  tensors: readonly SymbolicTensor[],
  options?: number | { dim?: number },
  ...rest: never[]
): SymbolicTensor {
  lastAxis("cat", dimOf("cat", options, rest));
  if (tensors.length === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "cat",
      expected: "tensors",
      got: "none",
      cure: "give at least one",
    });
  return tensors.length === 1 ? tensors[0]! : tensors[0]!.graph.merge("concat", tensors);
}
