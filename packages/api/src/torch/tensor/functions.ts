import { unrollError } from "../../contract/error.js";
import type { HostTensor } from "../../contract/tensor.js";
import { noMore, optionsOf } from "../arguments.js";
import { einsum as einsumOf } from "./products.js";
import { cat as catOf } from "./reshaping.js";
import { promoted } from "./elementwise.js";
import { dimOf } from "./sizes.js";
import { apply, type DimAndKeep, type Operand, type Tensor, tensorOf } from "./tensor.js";

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
  ...rest: never[]
): Tensor {
  noMore("stack", rest);
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

type Methods = Record<string, (...given: readonly unknown[]) => unknown>;

/** Names of methods that are functions in PyTorch too. */
type Shared =
  | "matmul"
  | "bmm"
  | "mm"
  | "tanh"
  | "sigmoid"
  | "relu"
  | "exp"
  | "log"
  | "sqrt"
  | "sin"
  | "cos"
  | "abs"
  | "softmax"
  | "argmax"
  | "sum"
  | "mean"
  | "topk"
  | "squeeze"
  | "unsqueeze"
  | "flatten"
  | "transpose"
  | "flip";

/** A function that is a method of its first argument. */
const method =
  <K extends Shared>(name: K) =>
  (x: Operand, ...rest: Parameters<Tensor[K]>): ReturnType<Tensor[K]> =>
    (tensorOf(name, x) as unknown as Methods)[name]!(...rest) as ReturnType<Tensor[K]>;

/** Matrix product, as `a @ b`. */
export const matmul = /* @__PURE__ */ method("matmul");
/** Products of matrices, one for one. */
export const bmm = /* @__PURE__ */ method("bmm");
/** Product of two matrices. */
export const mm = /* @__PURE__ */ method("mm");
/** Hyperbolic tangent of each element. */
export const tanh = /* @__PURE__ */ method("tanh");
/** 1 / (1 + e^-x) of each element. */
export const sigmoid = /* @__PURE__ */ method("sigmoid");
/** max(x, 0) of each element. */
export const relu = /* @__PURE__ */ method("relu");
/** e to each element. */
export const exp = /* @__PURE__ */ method("exp");
/** Natural logarithm of each element. */
export const log = /* @__PURE__ */ method("log");
/** Square root of each element. */
export const sqrt = /* @__PURE__ */ method("sqrt");
/** Sine of each element. */
export const sin = /* @__PURE__ */ method("sin");
/** Cosine of each element. */
export const cos = /* @__PURE__ */ method("cos");
/** Absolute value of each element. */
export const abs = /* @__PURE__ */ method("abs");
/** e^x / Σ e^x along an axis. */
export const softmax = /* @__PURE__ */ method("softmax");
/** Where the largest is. */
export const argmax = /* @__PURE__ */ method("argmax");
/** Sum of all elements, or along axes. */
export const sum = /* @__PURE__ */ method("sum");
/** Mean of all elements, or along axes. */
export const mean = /* @__PURE__ */ method("mean");
/** The k largest along an axis in order, or the smallest, and where they are. */
export const topk = /* @__PURE__ */ method("topk");
/** Without axes of length 1. */
export const squeeze = /* @__PURE__ */ method("squeeze");
/** With a new axis of length 1. */
export const unsqueeze = /* @__PURE__ */ method("unsqueeze");
/** Axes from one to another as one. */
export const flatten = /* @__PURE__ */ method("flatten");
/** Two axes changed for each other. */
export const transpose = /* @__PURE__ */ method("transpose");
/** Elements along axes in the opposite order. */
export const flip = /* @__PURE__ */ method("flip");
/** The largest of all; along an axis, with where it is; of two tensors the larger of each. */
export function max(x: Tensor | HostTensor): Tensor;
export function max(x: Tensor | HostTensor, other: Tensor): Tensor;
export function max(
  x: Tensor | HostTensor,
  dim: number | DimAndKeep,
  keepdim?: boolean,
): [values: Tensor, indices: Tensor];
export function max(x: Tensor | HostTensor, ...rest: readonly unknown[]): Tensor | [Tensor, Tensor] {
  return (tensorOf("max", x) as unknown as Methods)["max"]!(...rest) as Tensor;
}
