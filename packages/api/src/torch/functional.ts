import { unrollError } from "../contract/error.js";
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

export const tanh = (x: SymbolicTensor): SymbolicTensor => activate(x, "tanh");
export const sigmoid = (x: SymbolicTensor): SymbolicTensor => activate(x, "sigmoid");
export const relu = (x: SymbolicTensor): SymbolicTensor => activate(x, "relu");
/** clip(x/6 + 1/2, 0, 1), PyTorch's form. */
export const hardsigmoid = (x: SymbolicTensor): SymbolicTensor => activate(x, "hardSigmoidSixth");
export const softsign = (x: SymbolicTensor): SymbolicTensor => activate(x, "softsign");
export const softplus = (x: SymbolicTensor): SymbolicTensor => activate(x, "softplus");
export const elu = (x: SymbolicTensor): SymbolicTensor => activate(x, "elu");
export const leakyRelu = (x: SymbolicTensor): SymbolicTensor => activate(x, "leakyRelu");

/** Along the last axis. */
export function softmax(x: SymbolicTensor, options: { dim?: number } = {}): SymbolicTensor {
  lastAxis("F.softmax", options.dim ?? -1);
  return activate(x, "softmax");
}

/** Along the last axis. */
export function logSoftmax(x: SymbolicTensor, options: { dim?: number } = {}): SymbolicTensor {
  lastAxis("F.logSoftmax", options.dim ?? -1);
  return activate(x, "logSoftmax");
}

/** Identity: models here are in eval mode. */
export const dropout = (x: SymbolicTensor, options: { p?: number } = {}): SymbolicTensor =>
  dropOut(x, options.p ?? 0.5);

/** Joins tensors along the last axis, as `torch.cat(tensors, dim=-1)`. */
export function cat(tensors: readonly SymbolicTensor[], options: { dim?: number } = {}): SymbolicTensor {
  lastAxis("cat", options.dim ?? -1);
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
