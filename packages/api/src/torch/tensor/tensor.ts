import { unrollError } from "../../contract/error.js";
import { shown } from "../../contract/shown.js";
import {
  allocate,
  type DType,
  type DTypeArray,
  type HostTensor,
  isHostTensor,
  sizeOf,
  tensorProblem,
} from "../../contract/tensor.js";
import { noMore, optionsOf } from "../arguments.js";
import { type Backend, recordingNow } from "./dispatch.js";
import { type DTypeName, dtypeOf } from "./dtypes.js";
import { runNow } from "./eager.js";
import * as elementwise from "./elementwise.js";
import { advanced, type Basic, gather, indexSelect, pick, picked, pickNow, triangle } from "./indexing.js";
import {
  alongOf,
  assertInside,
  dimGiven,
  type VarianceArguments,
  varianceOf,
  type VarianceOptions,
  whole,
} from "./given.js";
import type { Operation } from "./operation.js";
import { printed } from "./printing.js";
import { exactProduct, matmul, matmulTurned } from "./products.js";
import * as reducing from "./reducing.js";
import * as reshaping from "./reshaping.js";
import { dimOf, refuseSizes, shownShape, sizesGiven } from "./sizes.js";
import { refuseUnknown } from "./unknown.js";
import { ranked, rankedNow, type Ranking, ranking } from "./sorting.js";

/** What stands for a tensor where one is an operand: numbers are scalars, as in Python. */
export type Operand = Tensor | HostTensor | number | boolean;

/** An index of `at`: a place, a slice as `"1:-1"`, `"..."`, null for a new axis, or a tensor of places. */
export type Index = Basic | Tensor | HostTensor | readonly number[];

/** Sizes one by one, or as a list. */
export type Sizes = readonly (number | readonly number[])[];

/** Along which axes, in place of `dim`. */
export type Along = reducing.Along;

/**
 * A tensor with PyTorch's meaning: methods have PyTorch's names in camelCase, its order of arguments, its
 * negative dims, broadcasting and type promotion.
 *
 * Outside of a trace every method computes at once, on the builtin engine. In one, `module.run(...)`, it is
 * recorded for the engine that runs the module. Nothing changes a tensor in place: where Python assigns to a
 * part, collect the parts and `stack` them.
 */
export abstract class Tensor {
  /** What its elements are. */
  abstract readonly dtype: DType;
  /** Sizes of its axes; [] for a scalar. */
  abstract readonly shape: readonly number[];
  /** The elements, row-major. Not there in a trace. */
  abstract readonly data: DTypeArray[DType];
  /** @internal What carries out its operations; null computes them at once. */
  abstract readonly backend: Backend | null;

  // --- What it is ---

  /** The shape, or the size of one axis. */
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): number | readonly number[] {
    if (dim === undefined) return this.shape;
    if (this.shape.length === 0) refuseSizes("size", "a tensor with axes", "a scalar", "it has no dim");
    return this.shape[dimOf("size", dim, this.shape.length)]!;
  }

  /** How many axes it has. */
  dim(): number {
    return this.shape.length;
  }

  /** How many elements it has. */
  numel(): number {
    return sizeOf(this.shape);
  }

  /** The one element. @throws UNROLL_SHAPE for several */
  item(): number {
    const data = valuesOf(this);
    if (data.length !== 1)
      refuseSizes("item", "one element", shownShape(this.shape), "tolist() or data has all of them");
    return data[0]!;
  }

  /** Nested arrays of its elements; a number for a scalar. */
  tolist(): NestedValues {
    const [data, { shape, dtype }] = [valuesOf(this), this];
    const value = (at: number): number | boolean => (dtype === "bool" ? data[at] !== 0 : data[at]!);
    const list = (axis: number, at: number): NestedValues =>
      axis === shape.length
        ? value(at)
        : Array.from({ length: shape[axis]! }, (_, k) => list(axis + 1, at * shape[axis]! + k));
    return list(0, 0);
  }

  /** As PyTorch prints it. */
  toString(): string {
    return printed(this);
  }

  /** @internal What Node's console prints. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Its only element where a number is asked for. @throws UNROLL_ARGUMENT for `a + b`: `a.add(b)` */
  [Symbol.toPrimitive](hint: string): number | string {
    if (hint === "string") return this.toString();
    if (hint === "default")
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "tensor",
        expected: "a method",
        got: "an operator of JavaScript",
        cure: "write a.add(b), a.mul(b), a.eq(b); item() is the number in a tensor of one",
      });
    return this.item();
  }

  /** Its parts along the first axis, as a loop over a tensor has them in Python. */
  [Symbol.iterator](): Iterator<Tensor> {
    return this.unbind(0)[Symbol.iterator]();
  }

  /** The same values; there are no gradients that it would have to leave. */
  detach(): Tensor {
    return this;
  }

  /** A tensor of its own memory. */
  clone(): Tensor {
    return computesNow([this]) ? EagerTensor.of({ ...plain(this), data: this.data.slice() }) : this;
  }

  /** Itself: tensors always lie in order. */
  contiguous(): Tensor {
    return this;
  }

  // --- Elements as another dtype ---

  /** As float32. */
  float(): Tensor {
    return this.#one(elementwise.cast(this, "float32"));
  }

  /** As whole numbers, cut towards zero; 32 bits, where PyTorch has 64. */
  long(): Tensor {
    return this.#one(elementwise.cast(this, "int32"));
  }

  /** As whole numbers, cut towards zero. */
  int(): Tensor {
    return this.long();
  }

  /** Which elements are not zero. */
  bool(): Tensor {
    return this.#one(elementwise.cast(this, "bool"));
  }

  /** As a dtype by name. @throws UNROLL_DTYPE for a device: engines are chosen by `module.to(adapter)` */
  to(dtype: DTypeName): Tensor {
    return this.#one(elementwise.cast(this, dtypeOf("to", dtype)));
  }

  /** As the dtype of another. */
  typeAs(other: Tensor): Tensor {
    return this.#one(elementwise.cast(this, other.dtype));
  }

  // --- Shapes ---

  /** The same elements under another shape, one size of which may be -1. */
  view(...shape: Sizes): Tensor {
    return this.#one(reshaping.view("view", this.shape, sizesGiven("view", shape, -1)));
  }

  /** As `view`. */
  reshape(...shape: Sizes): Tensor {
    return this.#one(reshaping.view("reshape", this.shape, sizesGiven("reshape", shape, -1)));
  }

  /** The elements under the shape of another tensor. */
  viewAs(other: Tensor): Tensor {
    return this.#one(reshaping.view("viewAs", this.shape, other.shape));
  }

  /** Without axes of length 1: all of them, or those named. */
  squeeze(dim?: number | readonly number[]): Tensor {
    return this.#one(reshaping.squeeze(this.shape, dim));
  }

  /** With a new axis of length 1. */
  unsqueeze(dim: number): Tensor {
    return this.#one(reshaping.unsqueeze(this.shape, dim));
  }

  /** Axes from one to another as one; all of them without arguments. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return this.#one(
      this.shape.length === 0
        ? reshaping.view("flatten", [], [1])
        : reshaping.flatten(this.shape, startDim, endDim),
    );
  }

  /** One axis parted into several. */
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    return this.#one(reshaping.unflatten(this.shape, dim, sizesGiven("unflatten", [sizes], -1)));
  }

  /** Axes in another order. */
  permute(...dims: Sizes): Tensor {
    return this.#one(reshaping.permute(this.shape, sizesGiven("permute", dims, -Infinity)));
  }

  /** Two axes changed for each other. */
  transpose(dim0: number, dim1: number): Tensor {
    return this.#one(reshaping.transpose(this.shape, dim0, dim1));
  }

  /** A matrix turned, which `matmul` reads as it lies; vectors and scalars stay. */
  t(): Tensor {
    if (this.shape.length > 2)
      refuseSizes("t", "a matrix at most", shownShape(this.shape), "transpose(-2, -1) turns each of many");
    if (this.shape.length < 2) return this;
    const readable = this.dtype === "float32" && !this.shape.includes(0) && computesNow([this]);
    return readable ? new TurnedTensor(this) : this.transpose(0, 1);
  }

  /** As `t()`. */
  get T(): Tensor {
    return this.t();
  }

  /** The last two axes changed for each other. */
  get mT(): Tensor {
    return this.transpose(-2, -1);
  }

  /** Stretched along axes of length 1; -1 keeps a size. */
  expand(...sizes: Sizes): Tensor {
    return this.#one(reshaping.expand(this.shape, sizesGiven("expand", sizes, -1)));
  }

  /** Stretched to the shape of another. */
  expandAs(other: Tensor): Tensor {
    return this.#one(reshaping.expand(this.shape, other.shape));
  }

  /** The whole tensor so many times along each axis. */
  repeat(...times: Sizes): Tensor {
    return this.#one(reshaping.repeat(this.shape, sizesGiven("repeat", times, 1)));
  }

  /** Elements along axes in the opposite order. */
  flip(...dims: Sizes): Tensor {
    return this.#one(reshaping.flip(this.shape, sizesGiven("flip", dims, -Infinity)));
  }

  /** Elements along axes moved on, those past the end to the front; without axes as if flattened. */
  roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
    return this.#one(reshaping.roll(this.shape, shifts, dims));
  }

  // --- Parts ---

  /**
   * A part, as Python's `x[...]`: `x.at(":", -1, ":")`, `x.at("1:3", "...")`, `x.at(null)`, `x.at(ids)`.
   *
   * @param indices for each axis a place, counted from the end if negative, a slice as a text, a tensor of
   *   places, or one tensor of flags in front; `"..."` stands for all axes between; null makes a new one
   * @throws UNROLL_SHAPE for a place that there is not
   */
  at(...indices: readonly Index[]): Tensor {
    const basic = indices.map((index) => (isBasic(index) ? index : ":"));
    const lists = indices.flatMap((index, k) => (isBasic(index) ? [] : [k]));
    if (lists.length === 0) return this.#part(picked(this.shape, basic));
    return this.#chosen(indices, basic, lists);
  }

  /** One place along an axis, which goes. */
  select(dim: number, index: number): Tensor {
    const axis = dimOf("select", dim, this.shape.length);
    return this.at(...new Array<string>(axis).fill(":"), index);
  }

  /** Some elements along an axis. */
  narrow(dim: number, start: number, length: number): Tensor {
    const axis = dimOf("narrow", dim, this.shape.length);
    const { key: _, ...found } = reshaping.narrow(this.shape, axis, start, length);
    const from = start < 0 ? start + this.shape[axis]! : start;
    return found.alias ? this : this.at(...new Array<string>(axis).fill(":"), `${from}:${from + length}`);
  }

  /** Rows along an axis at places, which are not counted from the end. */
  indexSelect(dim: number, index: Tensor | HostTensor | readonly number[]): Tensor {
    return this.#one(indexSelect(this, dim), this.#places("indexSelect", index, dim));
  }

  /** The elements of an index along an axis, each by itself. */
  gather(dim: number, index: Tensor | HostTensor): Tensor {
    const places = whole("gather", tensorOf("gather", index));
    const operation = gather(this, dim, places);
    const size = this.shape[dimOf("gather", dim, this.shape.length)] ?? 1;
    if (computesNow([places])) assertInside("gather", places.data, size, false);
    return this.#one(operation, places);
  }

  /** Parts along an axis, each without it. */
  unbind(dim = 0): Tensor[] {
    if (this.shape.length === 0)
      refuseSizes("unbind", "a tensor with axes", "a scalar", "item() is its value");
    const axis = dimOf("unbind", dim, this.shape.length);
    return Array.from({ length: this.shape[axis]! }, (_, k) => this.select(axis, k));
  }

  /**
   * Parts of so many elements along an axis, or of each of some sizes.
   *
   * @param options `dim`, by itself or by name: the axis, the first unless it is said
   */
  split(sizes: number | readonly number[], options?: number | { dim?: number }): Tensor[] {
    const axis = dimOf("split", dimGiven("split", options, 0), this.shape.length);
    const size = this.shape[axis]!;
    const count = typeof sizes === "number" ? sizes : 0;
    const all =
      count > 0
        ? Array.from({ length: Math.ceil(size / count) }, (_, k) => Math.min(count, size - k * count))
        : [sizes].flat();
    if (
      all.reduce((sum, one) => sum + one, 0) !== size ||
      all.some((one) => !Number.isInteger(one) || one < 1)
    )
      refuseSizes(
        "split",
        `sizes that make ${size}`,
        shown(sizes),
        `dim ${axis} of ${shownShape(this.shape)}`,
      );
    let from = 0;
    return all.map((one) => this.narrow(axis, (from += one) - one, one));
  }

  /**
   * So many parts of one size along an axis, the last of them shorter.
   *
   * @param options `dim`, by itself or by name: the axis, the first unless it is said
   */
  chunk(chunks: number, options?: number | { dim?: number }): Tensor[] {
    const axis = dimOf("chunk", dimGiven("chunk", options, 0), this.shape.length);
    if (!Number.isInteger(chunks) || chunks < 1)
      refuseSizes("chunk", "a number of parts of at least 1", shown(chunks), "e.g. chunk(4, 1)");
    return this.split(Math.ceil(this.shape[axis]! / chunks), axis);
  }

  /** The lower part of each matrix, zeros above the diagonal. */
  tril(diagonal = 0): Tensor {
    return this.#one(triangle("tril", this, diagonal));
  }

  /** The upper part of each matrix, zeros below the diagonal. */
  triu(diagonal = 0): Tensor {
    return this.#one(triangle("triu", this, diagonal));
  }

  /** Where a condition holds, a value; elsewhere its own. */
  maskedFill(mask: Tensor | HostTensor, value: Operand): Tensor {
    const [flags, filling] = [tensorOf("maskedFill", mask), tensorOf("maskedFill", value)];
    if (filling.shape.length > 0)
      refuseSizes("maskedFill", "one value", shownShape(filling.shape), "where() takes a tensor of others");
    // What is filled in takes the dtype of what it is filled into.
    const fill = apply(elementwise.cast(filling, this.dtype), [filling])[0]!;
    return apply(elementwise.where(flags, fill, this), [flags, fill, this])[0]!;
  }

  /** Its own elements where a condition holds, another's elsewhere. */
  where(condition: Tensor | HostTensor, other: Operand): Tensor {
    return where(condition, this, other);
  }

  // --- Arithmetic ---

  /** `a + b`, or `a + alpha * b`. */
  add(other: Operand, options?: { alpha?: number }): Tensor {
    return this.#with("add", options === undefined ? other : scaled("add", other, options));
  }
  /** `a - b`, or `a - alpha * b`. */
  sub(other: Operand, options?: { alpha?: number }): Tensor {
    return this.#with("sub", options === undefined ? other : scaled("sub", other, options));
  }
  /** `a * b` */
  mul(other: Operand): Tensor {
    return this.#with("mul", other);
  }
  /** `a / b`, floats of whole numbers too; by `roundingMode` cut towards zero, or as `floorDivide`. */
  div(other: Operand, options?: { roundingMode?: "floor" | "trunc" | null }): Tensor {
    if (options === undefined) return this.#with("div", other);
    const { roundingMode = null } = optionsOf<{ roundingMode?: string | null }>("div", options, [
      "roundingMode",
    ]);
    if (roundingMode === null) return this.#with("div", other);
    if (roundingMode === "floor") return this.floorDivide(other);
    if (roundingMode === "trunc") return this.#divided("truncDivide", other);
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "div",
      expected: 'roundingMode "floor", "trunc" or null',
      got: shown(roundingMode),
      cure: "leave it out to divide as numbers",
    });
  }
  /** `b - a` */
  rsub(other: Operand): Tensor {
    const left = operandOf("rsub", other, this);
    return apply(elementwise.binary("sub", left, this), [left, this])[0]!;
  }
  /** `a ** b` */
  pow(exponent: Operand): Tensor {
    if (exponent === 2) return this.square();
    if (this.dtype === "int32" && typeof exponent === "number" && exponent < 0 && Number.isInteger(exponent))
      throw unrollError({
        code: "UNROLL_DTYPE",
        place: "pow",
        expected: "floats, or an exponent of at least 0",
        got: `int32 to the ${exponent}`,
        cure: "make floats by float()",
      });
    return this.#with("pow", exponent);
  }
  /** `a // b` @throws UNROLL_ARGUMENT for whole numbers by 0 */
  floorDivide(other: Operand): Tensor {
    return this.#divided("floorDivide", other);
  }
  /** `a % b`, of the sign of b. @throws UNROLL_ARGUMENT for whole numbers by 0 */
  remainder(other: Operand): Tensor {
    return this.#divided("remainder", other);
  }
  /** The larger of each two. */
  maximum(other: Operand): Tensor {
    return this.#with("maximum", other);
  }
  /** The smaller of each two. */
  minimum(other: Operand): Tensor {
    return this.#with("minimum", other);
  }
  /** `a == b` */
  eq(other: Operand): Tensor {
    return this.#with("eq", other);
  }
  /** `a != b` */
  ne(other: Operand): Tensor {
    return this.#with("ne", other);
  }
  /** `a < b` */
  lt(other: Operand): Tensor {
    return this.#with("lt", other);
  }
  /** `a <= b` */
  le(other: Operand): Tensor {
    return this.#with("le", other);
  }
  /** `a > b` */
  gt(other: Operand): Tensor {
    return this.#with("gt", other);
  }
  /** `a >= b` */
  ge(other: Operand): Tensor {
    return this.#with("ge", other);
  }
  /** Both, as `a & b` of flags. */
  logicalAnd(other: Operand): Tensor {
    return this.#with("logicalAnd", other);
  }
  /** Either, as `a | b` of flags. */
  logicalOr(other: Operand): Tensor {
    return this.#with("logicalOr", other);
  }
  /** One and not the other, as `a ^ b` of flags. */
  logicalXor(other: Operand): Tensor {
    return this.#with("logicalXor", other);
  }
  /** The opposite, as `~a` of flags. */
  logicalNot(): Tensor {
    return this.#one(elementwise.logicalNot);
  }

  /** Matrix product, as `a @ b`. */
  matmul(other: Tensor | HostTensor): Tensor {
    const right = tensorOf("matmul", other);
    if (right instanceof TurnedTensor && computesNow([this, right]) && this.shape.length > 0)
      return this.#one(matmulTurned(this, right.source), right.source);
    return this.#one(matmul(this, right), right);
  }
  /** Product of two matrices. */
  mm(other: Tensor | HostTensor): Tensor {
    return this.#product("mm", other);
  }
  /** Products of matrices, one for one. */
  bmm(other: Tensor | HostTensor): Tensor {
    return this.#product("bmm", other);
  }
  /** Product of a matrix and a vector. */
  mv(other: Tensor | HostTensor): Tensor {
    return this.#product("mv", other);
  }
  /** Product of two vectors. */
  dot(other: Tensor | HostTensor): Tensor {
    return this.#product("dot", other);
  }

  // --- Functions of each element ---

  /** `-a` */
  neg(): Tensor {
    return this.#of("neg");
  }
  /** e to the x. */
  exp(): Tensor {
    return this.#of("exp");
  }
  /** Natural logarithm. */
  log(): Tensor {
    return this.#of("log");
  }
  /** Logarithm of base 2. */
  log2(): Tensor {
    return this.#of("log2");
  }
  /** Logarithm of base 10. */
  log10(): Tensor {
    return this.#of("log10");
  }
  /** Square root. */
  sqrt(): Tensor {
    return this.#of("sqrt");
  }
  /** 1 / square root. */
  rsqrt(): Tensor {
    return this.#of("rsqrt");
  }
  /** 1 / x. */
  reciprocal(): Tensor {
    return this.#of("reciprocal");
  }
  /** x * x. */
  square(): Tensor {
    return this.#of("square");
  }
  /** Absolute value. */
  abs(): Tensor {
    return this.#of("abs");
  }
  /** -1, 0 or 1. */
  sign(): Tensor {
    return this.#of("sign");
  }
  /** The largest whole number that is not above. */
  floor(): Tensor {
    return this.#of("floor");
  }
  /** The smallest whole number that is not below. */
  ceil(): Tensor {
    return this.#of("ceil");
  }
  /** The whole part. */
  trunc(): Tensor {
    return this.#of("trunc");
  }
  /** The nearest whole number, of two the even one. */
  round(): Tensor {
    return this.#of("round");
  }
  /** Sine. */
  sin(): Tensor {
    return this.#of("sin");
  }
  /** Cosine. */
  cos(): Tensor {
    return this.#of("cos");
  }
  /** Hyperbolic tangent. */
  tanh(): Tensor {
    return this.#of("tanh");
  }
  /** 1 / (1 + e^-x). */
  sigmoid(): Tensor {
    return this.#of("sigmoid");
  }
  /** max(x, 0). */
  relu(): Tensor {
    return this.#of("relu");
  }
  /** Which are no numbers. */
  isnan(): Tensor {
    return this.#of("isnan");
  }
  /** Which are infinite. */
  isinf(): Tensor {
    return this.#of("isinf");
  }
  /** Which are numbers and not infinite. */
  isfinite(): Tensor {
    return this.#of("isfinite");
  }
  /** @internal One of the functions that only `F` has. */
  elementwise(name: elementwise.Unary | elementwise.Parametric, parameter?: Operand): Tensor {
    if (parameter === undefined) return this.#of(name as elementwise.Unary);
    return this.#one(elementwise.parametricUnary(name as elementwise.Parametric), tensorOf(name, parameter));
  }
  /** Held within bounds, either of which may be left out or null. */
  clamp(min?: Operand | null, max?: Operand | null): Tensor {
    const bounds = [min, max].flatMap((bound) =>
      bound === null || bound === undefined ? [] : [tensorOf("clamp", bound)],
    );
    const given = (bound: unknown): boolean => bound !== null && bound !== undefined;
    return this.#one(elementwise.clamp(this, given(min), given(max)), ...bounds);
  }

  // --- Along axes ---

  /** Sum of all elements, or along axes. */
  sum(dim?: number | readonly number[] | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("sum", dim, keepdim);
  }
  /** Mean of all elements, or along axes. */
  mean(dim?: number | readonly number[] | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("mean", dim, keepdim);
  }
  /** Product of all elements, or along axes. */
  prod(dim?: number | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("prod", dim, keepdim);
  }
  /** Largest of all elements, or along axes. */
  amax(dim?: number | readonly number[] | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("amax", dim, keepdim);
  }
  /** Smallest of all elements, or along axes. */
  amin(dim?: number | readonly number[] | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("amin", dim, keepdim);
  }
  /** log Σ e^x along axes. */
  logsumexp(dim: number | readonly number[] | Along, keepdim?: boolean): Tensor {
    return this.#fold("logsumexp", dim, keepdim);
  }
  /** Norm of order p, of all elements or along axes: for 2, the default, the root of the sum of squares. */
  norm(
    p?: reducing.NormOrder | (Along & { p?: reducing.NormOrder }) | null,
    dim?: number | readonly number[] | Along | null,
    keepdim?: boolean,
  ): Tensor {
    if (typeof p !== "object" || p === null)
      return this.#one(reducing.norm(this, p ?? 2, alongOf("norm", dim, keepdim)));
    noMore("norm", dim === undefined ? [] : [dim]);
    const options = optionsOf<Along & { p?: reducing.NormOrder }>("norm", p, ["dim", "keepdim", "p"]);
    return this.#one(reducing.norm(this, options.p ?? 2, options));
  }
  /** Whether all are not zero. */
  all(dim?: number | readonly number[] | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("all", dim, keepdim);
  }
  /** Whether any is not zero. */
  any(dim?: number | readonly number[] | Along | null, keepdim?: boolean): Tensor {
    return this.#fold("any", dim, keepdim);
  }
  /** Variance, over the count less `correction`, 1 unless it is said; 0 with `unbiased` false. */
  var(unbiased: boolean): Tensor;
  var(
    dim?: number | readonly number[] | VarianceOptions | null,
    unbiased?: boolean,
    keepdim?: boolean,
  ): Tensor;
  var(...given: VarianceArguments): Tensor {
    return this.#one(reducing.variance("var", this, varianceOf("var", given)));
  }
  /** Root of the variance. */
  std(unbiased: boolean): Tensor;
  std(
    dim?: number | readonly number[] | VarianceOptions | null,
    unbiased?: boolean,
    keepdim?: boolean,
  ): Tensor;
  std(...given: VarianceArguments): Tensor {
    return this.#one(reducing.variance("std", this, varianceOf("std", given)));
  }
  /**
   * The largest of all; along an axis, with where it is: `const [values, indices] = x.max(1)`; of two
   * tensors.
   *
   * @param dim the axis, or {@link DimAndKeep} by name
   */
  max(): Tensor;
  max(other: Tensor): Tensor;
  max(dim: number | DimAndKeep, keepdim?: boolean): [values: Tensor, indices: Tensor];
  max(dim?: number | Tensor | DimAndKeep, keepdim?: boolean): Tensor | [Tensor, Tensor] {
    if (dim instanceof Tensor) return this.maximum(dim);
    return dim === undefined ? this.amax() : this.#extreme("max", dim, keepdim);
  }
  /**
   * The smallest of all; along an axis, with where it is; of two tensors.
   *
   * @param dim the axis, or {@link DimAndKeep} by name
   */
  min(): Tensor;
  min(other: Tensor): Tensor;
  min(dim: number | DimAndKeep, keepdim?: boolean): [values: Tensor, indices: Tensor];
  min(dim?: number | Tensor | DimAndKeep, keepdim?: boolean): Tensor | [Tensor, Tensor] {
    if (dim instanceof Tensor) return this.minimum(dim);
    return dim === undefined ? this.amin() : this.#extreme("min", dim, keepdim);
  }
  /**
   * Where the largest is, the first of equals: along an axis, or in the flattened tensor.
   *
   * @param dim the axis, or `dim` and `keepdim`, whether it stays, by name
   */
  argmax(dim?: number | { dim?: number; keepdim?: boolean } | null, keepdim?: boolean): Tensor {
    const along = alongOf("argmax", dim, keepdim);
    return this.#one(
      reducing.argExtreme("argmax", this, (along.dim as number) ?? null, along.keepdim ?? false),
    );
  }
  /**
   * Where the smallest is, the first of equals.
   *
   * @param dim the axis, or `dim` and `keepdim`, whether it stays, by name
   */
  argmin(dim?: number | { dim?: number; keepdim?: boolean } | null, keepdim?: boolean): Tensor {
    const along = alongOf("argmin", dim, keepdim);
    return this.#one(
      reducing.argExtreme("argmin", this, (along.dim as number) ?? null, along.keepdim ?? false),
    );
  }
  /**
   * The k largest along an axis in order, and where they are; the smallest with `largest` false. The first of
   * equals comes first.
   *
   * @param options `dim`, the axis, the last unless it is said; and `largest`
   */
  topk(
    k: number,
    options?: number | { dim?: number; largest?: boolean },
    largest?: boolean,
  ): [values: Tensor, indices: Tensor] {
    const { dim = -1, largest: most = true } = optionsOf<{ dim?: number; largest?: boolean }>(
      "topk",
      typeof options === "number" && largest !== undefined ? { dim: options, largest } : options,
      ["dim", "largest"],
      "dim",
    );
    return this.#ranked("topk", ranking("topk", this, k, dim, most));
  }
  /**
   * In order along an axis, and where each stood; those first that come first, of equals.
   *
   * @param options `dim`, the axis, the last unless it is said; and `descending`
   */
  sort(
    options?: number | { dim?: number; descending?: boolean },
    descending?: boolean,
  ): [values: Tensor, indices: Tensor] {
    const { dim = -1, descending: falling = false } = optionsOf<{ dim?: number; descending?: boolean }>(
      "sort",
      typeof options === "number" && descending !== undefined ? { dim: options, descending } : options,
      ["dim", "descending"],
      "dim",
    );
    const size = this.shape[dimOf("sort", dim, this.shape.length)] ?? 1;
    return this.#ranked("sort", ranking("sort", this, size, dim, falling));
  }
  /**
   * The places of the elements in order along an axis.
   *
   * @param options `dim`, the axis, the last unless it is said; and `descending`
   */
  argsort(options?: number | { dim?: number; descending?: boolean }, descending?: boolean): Tensor {
    return this.sort(options, descending)[1];
  }
  /** Sums of everything up to and with each element along an axis. */
  cumsum(dim: number): Tensor {
    return this.#one(reducing.cumsum(this, dim));
  }
  /**
   * e^x / Σ e^x along an axis.
   *
   * @param options `dim`, by itself or by name: the axis
   */
  softmax(options: number | { dim: number }): Tensor {
    return this.#one(reducing.shares("softmax", this, dimGiven("softmax", options)));
  }
  /**
   * The logarithm of the softmax.
   *
   * @param options `dim`, by itself or by name: the axis
   */
  logSoftmax(options: number | { dim: number }): Tensor {
    return this.#one(reducing.shares("logSoftmax", this, dimGiven("logSoftmax", options)));
  }

  // --- Within ---

  #one(operation: Operation, ...others: readonly Tensor[]): Tensor {
    return apply(operation, [this, ...others])[0]!;
  }

  #of(name: elementwise.Unary): Tensor {
    return this.#one(elementwise.unary(name, this));
  }

  #with(name: elementwise.Binary, other: Operand): Tensor {
    const right = operandOf(name, other, this);
    return apply(elementwise.binary(name, this, right), [this, right])[0]!;
  }

  /** Whole numbers have no quotient by 0; in a trace nobody can tell. */
  #divided(name: "floorDivide" | "truncDivide" | "remainder", other: Operand): Tensor {
    const right = operandOf(name, other, this);
    if (elementwise.promoted(this, right) === "int32" && right.backend === null && right.data.includes(0))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: name,
        expected: "whole numbers other than 0 to divide by",
        got: "0",
        cure: "make floats by float(), which give infinities",
      });
    return this.#with(name, right);
  }

  #ranked(name: "topk" | "sort", order: Ranking): [values: Tensor, indices: Tensor] {
    if (!computesNow([this])) return apply({ ...ranked(this, order), name }, [this]) as [Tensor, Tensor];
    const [values, places, shape] = rankedNow(this.data, this, order);
    return [new EagerTensor(this.dtype, shape, values), new EagerTensor("int32", shape, places)];
  }

  #product(name: "mm" | "bmm" | "mv" | "dot", other: Tensor | HostTensor): Tensor {
    const right = tensorOf(name, other);
    return this.#one(exactProduct(name, this, right), right);
  }

  #fold(name: reducing.Folding, dim: unknown, keepdim: boolean | undefined): Tensor {
    return this.#one(reducing.fold(name, this, alongOf(name, dim, keepdim)));
  }

  #extreme(name: "max" | "min", dim: unknown, keepdim: boolean | undefined): [Tensor, Tensor] {
    const along = alongOf(name, dim, keepdim);
    return apply(reducing.extreme(name, this, along.dim as number, along.keepdim ?? false), [this]) as [
      Tensor,
      Tensor,
    ];
  }

  #part(part: ReturnType<typeof picked>): Tensor {
    if (computesNow([this])) return new EagerTensor(this.dtype, part.shape, pickNow(this.data, this, part));
    return this.#one(pick(this, part));
  }

  /** A part by tensors of places, or of flags. */
  #chosen(indices: readonly Index[], basic: readonly Basic[], lists: readonly number[]): Tensor {
    const given = lists.map((k) => tensorOf("at", indices[k] as Tensor));
    const flags = given.find(({ dtype }) => dtype === "bool");
    if (flags) return this.#flagged(indices, flags);
    const open = basic.indexOf("...");
    if (open >= 0) {
      const used = basic.filter((index) => index !== null).length - 1;
      const all = new Array<string>(Math.max(0, this.shape.length - used)).fill(":");
      return this.at(...indices.slice(0, open), ...all, ...indices.slice(open + 1));
    }
    if (lists.some((place, k) => place !== lists[0]! + k))
      refuseSizes("at", "tensors of places side by side", shown(basic), "take one after the other");
    // What is picked first may take axes away or add some in front of these.
    const axis = basic.slice(0, lists[0]).filter((index) => typeof index !== "number").length;
    const part = this.#part(picked(this.shape, basic));
    const places = given.map((one) => whole("at", one));
    if (places.every((one) => computesNow([one])))
      places.forEach((one, k) => assertInside("at", one.data, part.shape[axis + k]!, true));
    return apply(advanced(part, axis, places), [part, ...places])[0]!;
  }

  /** The elements at which flags stand; how many is only known where there are values. */
  #flagged(indices: readonly Index[], flags: Tensor): Tensor {
    const fits = flags.shape.every((size, k) => size === this.shape[k]);
    if (indices.length > 1 || !fits)
      refuseSizes(
        "at",
        `flags of the first axes of ${shownShape(this.shape)}, and no other index`,
        shownShape(flags.shape),
        "where() and maskedFill() keep the shape",
      );
    const places = Array.from(valuesOf(flags), (flag, k) => (flag ? k : -1));
    const kept = places.filter((k) => k >= 0);
    const rest = this.shape.slice(flags.shape.length);
    if (kept.length === 0) return new EagerTensor(this.dtype, [0, ...rest], this.data.slice(0, 0));
    return this.view(sizeOf(flags.shape), ...rest).indexSelect(0, kept);
  }

  #places(place: string, index: Tensor | HostTensor | readonly number[], dim: number): Tensor {
    const places = whole(place, tensorOf(place, index));
    const size = this.shape[dimOf(place, dim, this.shape.length)]!;
    if (computesNow([places])) assertInside(place, places.data, size, false);
    return places;
  }
}

/** A tensor with values of a dtype. */
export interface Ran<D extends DType> extends Tensor {
  /** What its elements are. */
  readonly dtype: D;
  /** The elements, row-major. */
  readonly data: DTypeArray[D];
}

/** Along which axis, and whether it stays. */
export interface DimAndKeep {
  /** The axis. */
  readonly dim: number;
  /** Whether it stays, with length 1. Default false. */
  readonly keepdim?: boolean;
}

/** Nested arrays of elements. */
export type NestedValues = number | boolean | NestedValues[];

/** A tensor with values. */
export class EagerTensor extends Tensor {
  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    readonly data: DTypeArray[DType],
  ) {
    super();
    recordingNow()?.noteNew(this);
  }

  get backend(): null {
    return null;
  }

  /** A tensor over the memory of a plain one. */
  static of({ dtype, shape, data }: HostTensor): EagerTensor {
    return new EagerTensor(dtype, shape, data);
  }
}

/**
 * The transpose of a matrix with values, in the memory of the matrix, as a view of PyTorch's. A product reads
 * that; all else a copy, which is made anew each time, as the matrix may hold others by then.
 */
class TurnedTensor extends Tensor {
  readonly shape: readonly number[];

  constructor(
    /** @internal What it is the transpose of. */
    readonly source: Tensor,
  ) {
    super();
    this.shape = [source.shape[1]!, source.shape[0]!];
    recordingNow()?.noteNew(this);
  }

  get dtype(): "float32" {
    return "float32";
  }

  get backend(): null {
    return null;
  }

  /** A copy, to be read: kept in a variable where several elements are. */
  get data(): Float32Array {
    const [columns, rows] = this.shape as [number, number];
    const from = this.source.data;
    const to = new Float32Array(from.length);
    for (let row = 0, at = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) to[column * rows + row] = from[at++]!;
    return to;
  }

  override t(): Tensor {
    return computesNow([this]) ? this.source : super.t();
  }
}

// Found here, an assignment in the constructor does not go on to the proxy behind every tensor.
for (const field of ["dtype", "shape", "data"])
  Object.defineProperty(EagerTensor.prototype, field, { value: undefined, writable: true });
for (const field of ["shape", "source"])
  Object.defineProperty(TurnedTensor.prototype, field, { value: undefined, writable: true });

const plain = ({ dtype, shape, data }: HostTensor): HostTensor => ({ dtype, shape, data });

/** Whether operands are computed at once: none is without values, and none belongs into a trace. */
function computesNow(operands: readonly Tensor[]): boolean {
  const recording = recordingNow();
  return operands.every((one) => one.backend === null && (recording === null || recording.isNew(one)));
}

/**
 * What a tensor holds. In a trace it would be frozen there, also that of a tensor made before, which may hold
 * something else at the next run.
 *
 * @throws UNROLL_UNSUPPORTED in a trace, but for what was made there
 */
export function valuesOf(tensor: Tensor): DTypeArray[DType] {
  const { data } = tensor;
  if (!computesNow([tensor]))
    recordingNow()!.refuse(
      "the values of a tensor that was there before",
      "pass them as an argument, or call() the module, which computes at once",
    );
  return data;
}

/** Carries out an operation: at once, or by what its operands belong to. */
export function apply(operation: Operation, operands: readonly Tensor[]): Tensor[] {
  for (const { backend } of operands)
    if (backend !== null) return backend.apply(operation, operands) as Tensor[];
  const recording = recordingNow();
  if (recording && !operands.every((one) => recording.isNew(one)))
    return recording.apply(operation, operands) as Tensor[];
  if (operation.alias) return [new EagerTensor(operands[0]!.dtype, operation.alias, operands[0]!.data)];
  for (const { shape } of operands)
    if (shape.includes(0))
      refuseSizes(operation.name, "at least one element", shownShape(shape), "engines have no empty tensors");
  return runNow(operation, operands).map(EagerTensor.of);
}

const isBasic = (index: Index): index is Basic =>
  index === null || typeof index === "number" || typeof index === "string";

function scalar(dtype: DType, value: number): EagerTensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return new EagerTensor(dtype, [], data);
}

/** An operand as a tensor. @throws UNROLL_ARGUMENT naming what came */
export function tensorOf(place: string, given: Operand | readonly number[]): Tensor {
  if (given instanceof Tensor) return given;
  if (typeof given === "number") {
    return scalar((given | 0) === given ? "int32" : "float32", given);
  }
  if (typeof given === "boolean") return scalar("bool", given ? 1 : 0);
  if (Array.isArray(given) && given.every((one) => (one | 0) === one))
    return new EagerTensor("int32", [given.length], Int32Array.from(given));
  const problem = isHostTensor(given) ? tensorProblem(given) : null;
  if (isHostTensor(given) && problem === null) {
    const tensor = EagerTensor.of(given);
    recordingNow()?.noteOld(tensor);
    return tensor;
  }
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: problem === null ? "a tensor or a number" : problem[0],
    got: problem === null ? shown(given) : problem[1],
    cure: "tensor(values) makes one; a name that is not there gives undefined",
  });
}

/** The other operand: a number takes the dtype of floats that it meets, so that it is rounded once. */
function operandOf(place: string, given: Operand, beside: Tensor): Tensor {
  if (typeof given === "number" && beside.dtype === "float32") return scalar("float32", given);
  return tensorOf(place, given);
}

function scaled(place: string, other: Operand, options: { alpha?: number }): Operand {
  const { alpha = 1 } = optionsOf<{ alpha?: number }>(place, options, ["alpha"]);
  return alpha === 1 ? other : tensorOf(place, other).mul(alpha);
}

/** One operand's elements where a condition holds, the other's elsewhere. */
export function where(condition: Tensor | HostTensor, x: Operand, y: Operand): Tensor {
  const [flags, one, other] = [tensorOf("where", condition), tensorOf("where", x), tensorOf("where", y)];
  return apply(elementwise.where(flags, one, other), [flags, one, other])[0]!;
}

refuseUnknown(Tensor.prototype, (tensor, place) => tensor.at(place));
