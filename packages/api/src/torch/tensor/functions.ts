import { unrollError } from "../../contract/error.js";
import type { HostTensor } from "../../contract/tensor.js";
import { optionsOf } from "../arguments.js";
import { einsum as einsumOf } from "./products.js";
import { cat as catOf } from "./reshaping.js";
import { promoted } from "./elementwise.js";
import { dimOf } from "./sizes.js";
import { apply, type Operand, type Tensor, tensorOf } from "./tensor.js";

/** Tensors, of which there is at least one. @throws UNROLL_ARGUMENT */
function some(place: string, given: readonly (Tensor | HostTensor)[]): [Tensor, ...Tensor[]] {
  if (!Array.isArray(given) || given.length === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "a list of tensors",
      got: Array.isArray(given) ? "none" : typeof given,
      cure: `e.g. ${place}([a, b])`,
    });
  return given.map((one) => tensorOf(place, one)) as [Tensor, ...Tensor[]];
}

const dimGiven = (place: string, options: unknown): number =>
  optionsOf<{ dim?: number }>(place, options, ["dim"], "dim").dim ?? 0;

/** Tensors one after the other along an axis, the first unless `dim` says another. */
export function cat(tensors: readonly (Tensor | HostTensor)[], options?: number | { dim?: number }): Tensor {
  const all = some("cat", tensors);
  const dtype = promoted(...all);
  const alike = all.map((one) => (one.dtype === dtype ? one : one.to(dtype)));
  const operation = catOf(
    alike.map(({ shape }) => shape),
    dimGiven("cat", options),
  );
  return alike.length === 1 ? alike[0]! : apply(operation, alike)[0]!;
}

/** Tensors of one shape along a new axis, the first unless `dim` says another. */
export function stack(
  tensors: readonly (Tensor | HostTensor)[],
  options?: number | { dim?: number },
): Tensor {
  const all = some("stack", tensors);
  const axis = dimOf("stack", dimGiven("stack", options), all[0].shape.length + 1);
  return cat(
    all.map((one) => one.unsqueeze(axis)),
    axis,
  );
}

/** A sum of products over letters: `einsum("bij,bjk->bik", a, b)`. */
export function einsum(equation: string, ...operands: readonly (Tensor | HostTensor)[]): Tensor {
  const all = some("einsum", operands);
  return apply(einsumOf(equation, all), all)[0]!;
}

/** Matrix product, as `a @ b`. */
export const matmul = (a: Tensor | HostTensor, b: Tensor | HostTensor): Tensor =>
  tensorOf("matmul", a).matmul(b);
/** Products of matrices, one for one. */
export const bmm = (a: Tensor | HostTensor, b: Tensor | HostTensor): Tensor => tensorOf("bmm", a).bmm(b);
/** Product of two matrices. */
export const mm = (a: Tensor | HostTensor, b: Tensor | HostTensor): Tensor => tensorOf("mm", a).mm(b);

/** Functions of PyTorch's that are methods of a tensor too. */
export const tanh = (x: Operand): Tensor => tensorOf("tanh", x).tanh();
/** 1 / (1 + e^-x) of each element. */
export const sigmoid = (x: Operand): Tensor => tensorOf("sigmoid", x).sigmoid();
/** max(x, 0) of each element. */
export const relu = (x: Operand): Tensor => tensorOf("relu", x).relu();
/** e to each element. */
export const exp = (x: Operand): Tensor => tensorOf("exp", x).exp();
/** Natural logarithm of each element. */
export const log = (x: Operand): Tensor => tensorOf("log", x).log();
/** Square root of each element. */
export const sqrt = (x: Operand): Tensor => tensorOf("sqrt", x).sqrt();
/** Sine of each element. */
export const sin = (x: Operand): Tensor => tensorOf("sin", x).sin();
/** Cosine of each element. */
export const cos = (x: Operand): Tensor => tensorOf("cos", x).cos();
/** Absolute value of each element. */
export const abs = (x: Operand): Tensor => tensorOf("abs", x).abs();
/** e^x / Σ e^x along an axis, `dim`. */
export const softmax = (x: Tensor | HostTensor, options: number | { dim: number }): Tensor =>
  tensorOf("softmax", x).softmax(options);
/** Where the largest is. */
export const argmax = (x: Tensor | HostTensor, dim?: number, keepdim?: boolean): Tensor =>
  tensorOf("argmax", x).argmax(dim, keepdim);
/** Sum of all elements, or along axes. */
export const sum = (x: Tensor | HostTensor, dim?: number | readonly number[], keepdim?: boolean): Tensor =>
  tensorOf("sum", x).sum(dim, keepdim);
/** Mean of all elements, or along axes. */
export const mean = (x: Tensor | HostTensor, dim?: number | readonly number[], keepdim?: boolean): Tensor =>
  tensorOf("mean", x).mean(dim, keepdim);
/** The largest of all; along an axis, with where it is. */
export function max(x: Tensor | HostTensor): Tensor;
export function max(x: Tensor | HostTensor, dim: number, keepdim?: boolean): [Tensor, Tensor];
export function max(x: Tensor | HostTensor, dim?: number, keepdim?: boolean): Tensor | [Tensor, Tensor] {
  const own = tensorOf("max", x);
  return dim === undefined ? own.max() : own.max(dim, keepdim);
}
/** The k largest along an axis, `dim`, in order, or with `largest` false the smallest, and where they are. */
export const topk = (
  x: Tensor | HostTensor,
  k: number,
  options?: number | { dim?: number; largest?: boolean },
): [values: Tensor, indices: Tensor] => tensorOf("topk", x).topk(k, options);
/** Without axes of length 1. */
export const squeeze = (x: Tensor, dim?: number): Tensor => x.squeeze(dim);
/** With a new axis of length 1. */
export const unsqueeze = (x: Tensor, dim: number): Tensor => x.unsqueeze(dim);
/** Axes from one to another as one. */
export const flatten = (x: Tensor, startDim?: number, endDim?: number): Tensor => x.flatten(startDim, endDim);
/** Two axes changed for each other. */
export const transpose = (x: Tensor, dim0: number, dim1: number): Tensor => x.transpose(dim0, dim1);
/** Elements along axes in the opposite order. */
export const flip = (x: Tensor, dims: number | readonly number[]): Tensor =>
  typeof dims === "number" ? x.flip(dims) : x.flip(...dims);
