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
  | "flip"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "maximum"
  | "minimum"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "logicalAnd"
  | "logicalOr"
  | "logicalNot"
  | "neg"
  | "square"
  | "rsqrt"
  | "reciprocal"
  | "sign"
  | "floor"
  | "ceil"
  | "round"
  | "trunc"
  | "isnan"
  | "isinf"
  | "isfinite"
  | "clamp"
  | "mv"
  | "dot"
  | "reshape"
  | "permute"
  | "split"
  | "chunk"
  | "unbind"
  | "narrow"
  | "select"
  | "indexSelect"
  | "gather"
  | "roll"
  | "tril"
  | "triu"
  | "maskedFill"
  | "prod"
  | "amax"
  | "amin"
  | "all"
  | "any"
  | "logsumexp"
  | "norm"
  | "argmin"
  | "sort"
  | "argsort"
  | "cumsum"
  | "logSoftmax";

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
/** Sum, element by element; `alpha` times the other. */
export const add = /* @__PURE__ */ method("add");
/** Difference, element by element; `alpha` times the other. */
export const sub = /* @__PURE__ */ method("sub");
/** Product, element by element. */
export const mul = /* @__PURE__ */ method("mul");
/** Quotient, element by element, rounded if `roundingMode` says so. */
export const div = /* @__PURE__ */ method("div");
/** Power of each element. */
export const pow = /* @__PURE__ */ method("pow");
/** The larger of two, element by element. */
export const maximum = /* @__PURE__ */ method("maximum");
/** The smaller of two, element by element. */
export const minimum = /* @__PURE__ */ method("minimum");
/** Where both are equal. */
export const eq = /* @__PURE__ */ method("eq");
/** Where both differ. */
export const ne = /* @__PURE__ */ method("ne");
/** Where the first is less. */
export const lt = /* @__PURE__ */ method("lt");
/** Where the first is less or equal. */
export const le = /* @__PURE__ */ method("le");
/** Where the first is greater. */
export const gt = /* @__PURE__ */ method("gt");
/** Where the first is greater or equal. */
export const ge = /* @__PURE__ */ method("ge");
/** Where both are true. */
export const logicalAnd = /* @__PURE__ */ method("logicalAnd");
/** Where one is true. */
export const logicalOr = /* @__PURE__ */ method("logicalOr");
/** Where it is not true. */
export const logicalNot = /* @__PURE__ */ method("logicalNot");
/** Each element with the other sign. */
export const neg = /* @__PURE__ */ method("neg");
/** Square of each element. */
export const square = /* @__PURE__ */ method("square");
/** 1 / √x of each element. */
export const rsqrt = /* @__PURE__ */ method("rsqrt");
/** 1 / x of each element. */
export const reciprocal = /* @__PURE__ */ method("reciprocal");
/** Sign of each element: -1, 0 or 1. */
export const sign = /* @__PURE__ */ method("sign");
/** The whole number below each element. */
export const floor = /* @__PURE__ */ method("floor");
/** The whole number above each element. */
export const ceil = /* @__PURE__ */ method("ceil");
/** The nearest whole number of each element, of two the even one. */
export const round = /* @__PURE__ */ method("round");
/** Each element without its fraction. */
export const trunc = /* @__PURE__ */ method("trunc");
/** Where it is not a number. */
export const isnan = /* @__PURE__ */ method("isnan");
/** Where it is infinite. */
export const isinf = /* @__PURE__ */ method("isinf");
/** Where it is a finite number. */
export const isfinite = /* @__PURE__ */ method("isfinite");
/** Each element kept within bounds. */
export const clamp = /* @__PURE__ */ method("clamp");
/** Product of a matrix and a vector. */
export const mv = /* @__PURE__ */ method("mv");
/** Sum of the products of two vectors. */
export const dot = /* @__PURE__ */ method("dot");
/** The same elements in another shape. */
export const reshape = /* @__PURE__ */ method("reshape");
/** Axes in another order. */
export const permute = /* @__PURE__ */ method("permute");
/** Parts along an axis, of one length or of lengths of their own. */
export const split = /* @__PURE__ */ method("split");
/** So many parts along an axis. */
export const chunk = /* @__PURE__ */ method("chunk");
/** The parts along an axis, without it. */
export const unbind = /* @__PURE__ */ method("unbind");
/** A part of an axis. */
export const narrow = /* @__PURE__ */ method("narrow");
/** One place of an axis, without it. */
export const select = /* @__PURE__ */ method("select");
/** Places of an axis. */
export const indexSelect = /* @__PURE__ */ method("indexSelect");
/** Elements at places along an axis, each of its own. */
export const gather = /* @__PURE__ */ method("gather");
/** Elements moved along axes, round the end. */
export const roll = /* @__PURE__ */ method("roll");
/** The lower part of each matrix. */
export const tril = /* @__PURE__ */ method("tril");
/** The upper part of each matrix. */
export const triu = /* @__PURE__ */ method("triu");
/** Elements replaced where a mask is true. */
export const maskedFill = /* @__PURE__ */ method("maskedFill");
/** Product of all elements, or along an axis. */
export const prod = /* @__PURE__ */ method("prod");
/** The largest of all, or along axes. */
export const amax = /* @__PURE__ */ method("amax");
/** The smallest of all, or along axes. */
export const amin = /* @__PURE__ */ method("amin");
/** Whether all are true, or all along axes. */
export const all = /* @__PURE__ */ method("all");
/** Whether one is true, or one along axes. */
export const any = /* @__PURE__ */ method("any");
/** log Σ e^x along axes. */
export const logsumexp = /* @__PURE__ */ method("logsumexp");
/** Norm of order p, of all elements or along axes. */
export const norm = /* @__PURE__ */ method("norm");
/** Where the smallest is. */
export const argmin = /* @__PURE__ */ method("argmin");
/** In order along an axis, and where each was. */
export const sort = /* @__PURE__ */ method("sort");
/** Where each in order along an axis was. */
export const argsort = /* @__PURE__ */ method("argsort");
/** Running sum along an axis. */
export const cumsum = /* @__PURE__ */ method("cumsum");
/** log(e^x / Σ e^x) along an axis. */
export const logSoftmax = /* @__PURE__ */ method("logSoftmax");
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

/** The smallest of all; along an axis, with where it is; of two tensors the smaller of each. */
export function min(x: Tensor | HostTensor): Tensor;
export function min(x: Tensor | HostTensor, other: Tensor): Tensor;
export function min(
  x: Tensor | HostTensor,
  dim: number | DimAndKeep,
  keepdim?: boolean,
): [values: Tensor, indices: Tensor];
export function min(x: Tensor | HostTensor, ...rest: readonly unknown[]): Tensor | [Tensor, Tensor] {
  return (tensorOf("min", x) as unknown as Methods)["min"]!(...rest) as Tensor;
}
