import { isRecord, kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { boundedSize } from "../contract/limits.js";
import { shown } from "../contract/shown.js";
import {
  type DType,
  type HostTensor,
  isHostTensor,
  type Nested,
  sizeOf,
  tensor,
} from "../contract/tensor.js";
import { taken } from "../contract/taken.js";
import { logSoftmax as logSoftmaxOf, softmax as softmaxOf } from "../layers/softmax.js";
import { type Activation, activate } from "../layers/activations.js";
import type { Block, Value } from "../program/builder.js";
import { reshaped, zeros as zerosOf } from "../torch/tensor/reshaping.js";
import { assertTensor, getDefaultGraph, type OperationParts, type StaticShape, Tensor } from "./graph.js";
import { refuse } from "./refuse.js";
import { axisOf, broadcastStatic, refuseShape, shownShape } from "./static-shapes.js";

/** TensorFlow's names of element types; whole numbers are of 32 bits here, whichever they are called. */
export type TypeName = "float32" | "int32" | "int64" | "bool";

/** `tf.float32`. */
export const float32 = "float32";
/** `tf.int32`. */
export const int32 = "int32";
/** `tf.int64`: whole numbers, of 32 bits here. */
export const int64 = "int64";
/** `tf.bool`. */
export const bool = "bool";

const dtypes: Readonly<Record<TypeName, DType>> = {
  float32: "float32",
  int32: "int32",
  int64: "int32",
  bool: "bool",
};

function dtypeOf(place: string, name: unknown): DType {
  if (typeof name === "string" && Object.hasOwn(dtypes, name)) return dtypes[name as TypeName];
  return refuse(
    place,
    `a dtype of ${Object.keys(dtypes).join(", ")}`,
    shown(name),
    "e.g. float32",
    "UNROLL_DTYPE",
  );
}

/** The size of an axis, which a run may choose: what `shape(x)[0]` is. */
export class AxisSize {
  /** @internal Whose axis it is. */
  readonly of: Tensor;
  /** @internal Which. */
  readonly axis: number;

  /** @internal By {@link shape} alone. */
  constructor(of: Tensor, axis: number) {
    this.of = of;
    this.axis = axis;
  }

  /** @internal As far as it is known. */
  get known(): number | null {
    return this.of.shape[this.axis]!;
  }
}

/** A size: a number, or that of an axis of another tensor. */
export type SizeLike = number | AxisSize;

/** @internal Appends an operation to the graph. */
export const operation = (
  type: string,
  parts: OperationParts,
  results: readonly { readonly dtype: DType; readonly shape: StaticShape }[],
  name = type,
): Tensor[] => (parts.inputs[0]?.graph ?? getDefaultGraph()).add(type, name, parts, results);

const one = (
  type: string,
  inputs: readonly Tensor[],
  dtype: DType,
  shape: StaticShape,
  build: (b: Block, values: readonly Value[]) => Value,
): Tensor => operation(type, { inputs, build: (b, values) => [build(b, values)] }, [{ dtype, shape }])[0]!;

const sizesOf = (value: Value): readonly number[] => value.type.shape as readonly number[];

/** A tensor, or numbers that become one. */
export type TensorLike = Tensor | HostTensor | Nested;

/** @internal A tensor of what may be numbers. @throws UNROLL_ARGUMENT */
export const asTensor = (value: TensorLike, dtype: TypeName = "float32"): Tensor =>
  value instanceof Tensor ? value : constant(value, dtype);

/**
 * What a run is fed: `tf.placeholder`.
 *
 * @param shape sizes of its axes; null where a run chooses. An axis of features needs its size.
 * @throws UNROLL_DTYPE, UNROLL_SHAPE; UNROLL_UNSUPPORTED without a shape
 */
export function placeholder(
  dtype: TypeName,
  shape?: readonly (number | null)[],
  name = "Placeholder",
): Tensor {
  const place = `placeholder "${name}"`;
  if (!Array.isArray(shape))
    refuse(
      place,
      "a shape",
      kindOf(shape),
      "give null for each axis that a run chooses",
      "UNROLL_UNSUPPORTED",
    );
  const sizes = shape as readonly (number | null)[];
  if (boundedSize(sizes.map((size) => size ?? 1)) < 1)
    refuseShape(place, "sizes of at least 1, or null", shown(sizes), "null is TensorFlow's None");
  return operation(
    "Placeholder",
    { inputs: [] },
    [{ dtype: dtypeOf(place, dtype), shape: [...sizes] }],
    name,
  )[0]!;
}

/** Numbers of the graph: `tf.constant`. @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE */
export function constant(value: HostTensor | Nested, dtype: TypeName = "float32"): Tensor {
  const wanted = dtypeOf("constant", dtype);
  const held = isHostTensor(value) ? taken(value) : tensor(value, undefined, wanted);
  const weight = {
    name: "constant",
    dtype: held.dtype,
    shape: held.shape,
    variables: [],
    valueOf: () => held,
  };
  return operation("Const", { inputs: [], weights: [weight], build: (_b, _inputs, weights) => weights }, [
    held,
  ])[0]!;
}

/** The sizes of a tensor's axes, to make others by: `tf.shape(x)[0]` is a size for `zeroState`. */
export const shape = (x: Tensor): AxisSize[] => {
  assertTensor("shape", x);
  return x.shape.map((_, axis) => new AxisSize(x, axis));
};

/** Sizes when they are known: those of other tensors' axes come from the values that these have by then. */
function resolved(sizes: readonly SizeLike[], others: readonly Value[]): number[] {
  let next = 0;
  return sizes.map((size) => (size instanceof AxisSize ? sizesOf(others[next++]!)[size.axis]! : size));
}

const sizeTensors = (sizes: readonly SizeLike[]): Tensor[] =>
  sizes.flatMap((size) => (size instanceof AxisSize ? [size.of] : []));

const knownSizes = (sizes: readonly SizeLike[]): (number | null)[] =>
  sizes.map((size) => (size instanceof AxisSize ? size.known : size));

/** Zeros of float32: `tf.zeros`. */
export function zeros(sizes: readonly SizeLike[]): Tensor {
  const known = knownSizes(sizes);
  if (boundedSize(known.map((size) => size ?? 1)) < 1)
    refuseShape("zeros", "sizes of at least 1", shown(known), "or of another tensor, shape(x)[0]");
  return one("Zeros", sizeTensors(sizes), "float32", known, (b, others) =>
    zerosOf(b, resolved(sizes, others)),
  );
}

/** Elements in order under another shape, in which one size may be -1: `tf.reshape`. @throws UNROLL_SHAPE */
export function reshape(x: Tensor, sizes: readonly SizeLike[]): Tensor {
  assertTensor("reshape", x);
  const known = knownSizes(sizes);
  const open = known.indexOf(-1);
  const bad = (given: readonly (number | null)[]): never =>
    refuseShape(
      "reshape",
      `sizes that hold ${shownShape(x.shape)}`,
      shownShape(given),
      "at most one may be -1",
    );
  if (known.some((size) => size !== null && size !== -1 && !(size >= 1)) || known.lastIndexOf(-1) !== open)
    bad(known);
  const all = [...x.shape, ...known].every((size) => size !== null);
  const whole = (from: readonly number[], to: readonly number[]): number[] => {
    const rest = to.reduce((size, dim) => (dim === -1 ? size : size * dim), 1);
    const full = to.map((dim) => (dim === -1 ? sizeOf(from) / rest : dim));
    return sizeOf(full) === sizeOf(from) && full.every(Number.isInteger) ? full : bad(to);
  };
  const made = all
    ? whole(x.shape as readonly number[], known as readonly number[])
    : known.map((size) => (size === -1 ? null : size));
  return one("Reshape", [x, ...sizeTensors(sizes)], x.dtype, made, (b, [value, ...others]) =>
    reshaped(b, value!, whole(sizesOf(value!), resolved(sizes, others))),
  );
}

/** Axes in another order, the opposite one by default: `tf.transpose`. @throws UNROLL_SHAPE */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  assertTensor("transpose", x);
  const rank = x.shape.length;
  const order = perm ?? Array.from({ length: rank }, (_, k) => rank - 1 - k);
  if ([...order].sort((a, b) => a - b).join() !== Array.from({ length: rank }, (_, k) => k).join())
    refuseShape("transpose", `each of ${rank} axes once`, shown(order), "e.g. [1, 0, 2]");
  return one(
    "Transpose",
    [x],
    x.dtype,
    order.map((axis) => x.shape[axis]!),
    (b, [v]) => b.transpose(v!, [...order]),
  );
}

/** Along one axis: a place, which drops the axis; `":"`, all; or from a place to before another. */
export type Index = number | ":" | readonly [from: number, to?: number];

/**
 * Part of a tensor: Python's `x[:, t, 1:]` is `slice(x, ":", t, [1])`. Axes without an index stay whole.
 *
 * @throws UNROLL_SHAPE for places that there are not
 */
export function slice(x: Tensor, ...indices: readonly Index[]): Tensor {
  assertTensor("slice", x);
  if (indices.length > x.shape.length)
    refuseShape(
      "slice",
      `at most ${x.shape.length} indices`,
      `${indices.length}`,
      `of ${shownShape(x.shape)}`,
    );
  /** Start and length along an axis of a size. */
  const span = (index: Index, size: number): readonly [number, number] => {
    if (index === ":") return [0, size];
    const from = typeof index === "number" ? index : index[0];
    const to = typeof index === "number" ? index + 1 || size : (index[1] ?? size);
    const [start, end] = [from, to].map((at) => (at < 0 ? at + size : at)) as [number, number];
    return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end > start && end <= size
      ? [start, end - start]
      : refuseShape("slice", `places within ${size}`, shown(index), "an empty part has no tensor");
  };
  const made = x.shape.flatMap((size, axis) => {
    const index = indices[axis] ?? ":";
    if (typeof index === "number") return size === null ? [] : (span(index, size), []);
    return [size === null ? (index === ":" ? null : partial(index)) : span(index, size)[1]];
  });
  return one("StridedSlice", [x], x.dtype, made, (b, [value]) => {
    let [part, axis] = [value!, 0];
    indices.forEach((index, k) => {
      const [start, length] = span(index, sizesOf(value!)[k]!);
      if (index !== ":") part = b.slice(part, axis, start, length);
      if (typeof index === "number") part = b.squeeze(part, axis);
      else axis++;
    });
    return part;
  });
}

/** How long a part of an axis is whose size is not known. */
const partial = ([from, to]: readonly [number, number?]): number | null =>
  to === undefined ? (from < 0 ? -from : null) : from < 0 === to < 0 ? to - from : null;

const isList = (given: unknown): boolean => Array.isArray(given);

/** One after another along an axis: `tf.concat`. @throws UNROLL_SHAPE, UNROLL_ARGUMENT */
export function concat(values: readonly Tensor[], axis: number): Tensor {
  if (!isList(values) || values.length === 0)
    refuse(
      "concat",
      "tensors in a list",
      kindOf(values),
      "concat([a, b], 1), the axis last as since TensorFlow 1.0",
    );
  for (const value of values) assertTensor("concat", value);
  const first: Tensor = values[0]!;
  const at = axisOf("concat", axis, first.shape.length);
  const size = values.reduce<number | null>((sum, { shape }) => {
    const own = shape[at] ?? null;
    return sum === null || own === null ? null : sum + own;
  }, 0);
  const made = first.shape.map((own, k) =>
    k === at ? size : values.reduce<number | null>((known, { shape }) => known ?? shape[k] ?? null, own),
  );
  const off = values.find(
    ({ shape, dtype }) =>
      dtype !== first.dtype ||
      shape.length !== made.length ||
      shape.some((own, k) => k !== at && own !== null && own !== made[k]),
  );
  if (off)
    refuseShape(
      "concat",
      `tensors like ${first.toString()}`,
      off.toString(),
      `they may differ along axis ${at} alone`,
    );
  return one("ConcatV2", values, first.dtype, made, (b, all) =>
    all.length === 1 ? all[0]! : b.concat([...all], at),
  );
}

/** One beside another along a new axis: `tf.stack`. @throws UNROLL_SHAPE */
export const stack = (values: readonly Tensor[], axis = 0): Tensor =>
  concat(
    values.map((value) => expandDims(value, axis)),
    axis,
  );

/** The places of an axis, each without it: `tf.unstack`. @throws UNROLL_SHAPE where a run chooses how many */
export function unstack(x: Tensor, num: number | null = null, axis = 0): Tensor[] {
  assertTensor("unstack", x);
  const at = axisOf("unstack", axis, x.shape.length);
  const size = x.shape[at] ?? num;
  if (size === null || (num !== null && num !== size))
    refuseShape(
      "unstack",
      "an axis of a known size",
      `${shownShape(x.shape)}, num ${num}`,
      "dynamicRnn takes any length",
    );
  const before = new Array<Index>(at).fill(":");
  return Array.from({ length: size as number }, (_, k) => slice(x, ...before, k));
}

/** Parts of one size along an axis: `tf.split`. @throws UNROLL_SHAPE */
export function split(x: Tensor, count: number, axis = 0): Tensor[] {
  assertTensor("split", x);
  const at = axisOf("split", axis, x.shape.length);
  const size = x.shape[at];
  if (typeof size !== "number" || !Number.isInteger(count) || size % count !== 0)
    refuseShape(
      "split",
      "a known size that can be parted so",
      `${shownShape(x.shape)} in ${count}`,
      "parts are of one size",
    );
  const part = (size as number) / count;
  const before = new Array<Index>(at).fill(":");
  return Array.from({ length: count }, (_, k) => slice(x, ...before, [k * part, (k + 1) * part]));
}

/** A new axis of length 1: `tf.expand_dims`. @throws UNROLL_SHAPE */
export function expandDims(x: Tensor, axis: number): Tensor {
  assertTensor("expandDims", x);
  const at = axisOf("expandDims", axis, x.shape.length + 1);
  const made = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  return one("ExpandDims", [x], x.dtype, made, (b, [v]) => b.expandDims(v!, at));
}

/** Drops axes of length 1, all that are or those named: `tf.squeeze`. @throws UNROLL_SHAPE */
export function squeeze(x: Tensor, axes?: readonly number[]): Tensor {
  assertTensor("squeeze", x);
  const at = new Set(
    axes?.map((axis) => axisOf("squeeze", axis, x.shape.length)) ??
      x.shape.flatMap((size, k) => (size === 1 ? [k] : [])),
  );
  if (!axes && x.shape.includes(null))
    refuseShape("squeeze", "axes", `none, of ${shownShape(x.shape)}`, "say which, as a run chooses sizes");
  const made = x.shape.filter((_, k) => !at.has(k));
  return one("Squeeze", [x], x.dtype, made, (b, [v]) =>
    [...at].sort((p, q) => q - p).reduce((value, axis) => b.squeeze(value, axis), v!),
  );
}

const binary =
  (type: string, append: (b: Block, x: Value, y: Value) => Value) =>
  (x: TensorLike, y: TensorLike): Tensor => {
    const [p, q] = [asTensor(x), asTensor(y)];
    const made = broadcastStatic(type, p.shape, q.shape);
    return one(type, [p, q], p.dtype, made, (b, [v, w]) => append(b, v!, w!));
  };

/** The sum: Python's `x + y`, `tf.add`. @throws UNROLL_SHAPE */
export const add = binary("Add", (b, x, y) => b.add(x, y));
/** The difference: Python's `x - y`, `tf.subtract`. @throws UNROLL_SHAPE */
export const subtract = binary("Sub", (b, x, y) => b.sub(x, y));
/** The product of elements: Python's `x * y`, `tf.multiply`. @throws UNROLL_SHAPE */
export const multiply = binary("Mul", (b, x, y) => b.mul(x, y));
/** The quotient of elements: Python's `x / y`, `tf.divide`. @throws UNROLL_SHAPE */
export const divide = binary("RealDiv", (b, x, y) => b.div(x, y));
/** The larger of two: `tf.maximum`. @throws UNROLL_SHAPE */
export const maximum = binary("Maximum", (b, x, y) => b.max(x, y));
/** The smaller of two: `tf.minimum`. @throws UNROLL_SHAPE */
export const minimum = binary("Minimum", (b, x, y) => b.min(x, y));
/** `tf.nn.bias_add`. @throws UNROLL_SHAPE */
export const biasAdd = binary("BiasAdd", (b, x, y) => b.add(x, y));

const activation =
  (type: string, name: Activation) =>
  (x: Tensor): Tensor => {
    assertTensor(type, x);
    return one(type, [x], "float32", x.shape, (b, [v]) => activate(b, name, v!));
  };

/** `tf.tanh`. */
export const tanh = activation("Tanh", "tanh");
/** `tf.sigmoid`. */
export const sigmoid = activation("Sigmoid", "sigmoid");
/** `tf.nn.relu`. */
export const relu = activation("Relu", "relu");
/** `tf.nn.elu`. */
export const elu = activation("Elu", "elu");
/** `tf.nn.softplus`. */
export const softplus = activation("Softplus", "softplus");
/** `tf.nn.softsign`. */
export const softsign = activation("Softsign", "softsign");
/** The tensor itself: `tf.identity`. */
export const identity = activation("Identity", "linear");

const unary =
  (type: string, append: (b: Block, x: Value) => Value) =>
  (x: Tensor): Tensor => {
    assertTensor(type, x);
    return one(type, [x], "float32", x.shape, (b, [v]) => append(b, v!));
  };

/** e to the power of each element: `tf.exp`. */
export const exp = unary("Exp", (b, x) => b.exp(x));
/** Natural logarithm: `tf.log`. */
export const log = unary("Log", (b, x) => b.log(x));
/** `tf.sqrt`. */
export const sqrt = unary("Sqrt", (b, x) => b.sqrt(x));
/** `tf.abs`. */
export const abs = unary("Abs", (b, x) => b.abs(x));
/** -1, 0 or 1: `tf.sign`, with which old scripts find lengths. */
export const sign = unary("Sign", (b, x) => {
  const [zero, unit] = [b.constant(0), b.constant(1)];
  return b.sub(b.select(b.less(zero, x), unit, zero), b.select(b.less(x, zero), unit, zero));
});
/** Shares of 1 along the last axis: `tf.nn.softmax`. */
export const softmax = unary("Softmax", softmaxOf);
/** Their logarithms: `tf.nn.log_softmax`. */
export const logSoftmax = unary("LogSoftmax", logSoftmaxOf);

/** Matrix product over the last two axes: `tf.matmul`. @throws UNROLL_SHAPE */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  assertTensor("matmul", a);
  assertTensor("matmul", b);
  knownOptions("matmul", options, ["transposeA", "transposeB"]);
  const turned = (x: Tensor): Tensor => {
    const rank = x.shape.length;
    return transpose(x, [...Array.from({ length: rank - 2 }, (_, k) => k), rank - 1, rank - 2]);
  };
  const bad = (): never =>
    refuseShape(
      "matmul",
      "[..., m, k] and [..., k, n]",
      `${shownShape(a.shape)} and ${shownShape(b.shape)}`,
      "the inner axes must agree",
    );
  if (a.shape.length < 2 || b.shape.length < 2) bad();
  const [p, q] = [options.transposeA ? turned(a) : a, options.transposeB ? turned(b) : b];
  const [inner, other] = [p.shape.at(-1)!, q.shape.at(-2)!];
  if (inner !== null && other !== null && inner !== other) bad();
  const lead = broadcastStatic("matmul", p.shape.slice(0, -2), q.shape.slice(0, -2));
  return one("MatMul", [p, q], "float32", [...lead, p.shape.at(-2)!, q.shape.at(-1)!], (block, [v, w]) =>
    block.matmul(v!, w!),
  );
}

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Whether the last two axes of the first are swapped before. Default false. */
  readonly transposeA?: boolean;
  /** Whether the last two axes of the second are swapped before. Default false. */
  readonly transposeB?: boolean;
}

/** x times weights and a bias: `tf.nn.xw_plus_b`. @throws UNROLL_SHAPE */
export const xwPlusB = (x: Tensor, weights: Tensor, biases: Tensor): Tensor =>
  biasAdd(matmul(x, weights), biases);

/** Rows of a table by their numbers: `tf.nn.embedding_lookup`, `tf.gather`. @throws UNROLL_DTYPE */
export function embeddingLookup(table: Tensor, ids: Tensor): Tensor {
  const place = "embeddingLookup";
  assertTensor(place, table);
  assertTensor(place, ids);
  if (ids.dtype !== "int32")
    refuse(place, "ids of int32", ids.toString(), "make the placeholder of int32, or cast", "UNROLL_DTYPE");
  const made = [...ids.shape, ...table.shape.slice(1)];
  return one("GatherV2", [table, ids], table.dtype, made, (b, [rows, at]) => b.gather(rows!, at!));
}

/** Options of what brings an axis together. */
export interface ReduceOptions {
  /** Whether axes stay, of length 1. Default false. */
  readonly keepDims?: boolean;
}

const reduction =
  (type: string, append: (b: Block, x: Value, axes: readonly number[]) => Value) =>
  (x: Tensor, axis?: number | readonly number[] | null, options: ReduceOptions = {}): Tensor => {
    assertTensor(type, x);
    if (!isRecord(options)) refuse(type, "options as one object", shown(options), "e.g. { keepDims: true }");
    knownOptions(type, options, ["keepDims"]);
    const given = axis ?? x.shape.map((_, k) => k);
    const axes = (typeof given === "number" ? [given] : given).map((at) => axisOf(type, at, x.shape.length));
    const stays = x.shape.map((size, k) => (axes.includes(k) ? 1 : size));
    const made = one(type, [x], "float32", stays, (b, [v]) => append(b, v!, axes));
    return options.keepDims || axes.length === 0 ? made : squeeze(made, axes);
  };

/** The sum along axes, all by default: `tf.reduce_sum`. @throws UNROLL_SHAPE */
export const reduceSum = reduction("Sum", (b, x, axes) => b.sum(x, axes));
/** The largest along axes, all by default: `tf.reduce_max`. @throws UNROLL_SHAPE */
export const reduceMax = reduction("Max", (b, x, axes) => b.reduceMax(x, axes));
/** The mean along axes, all by default: `tf.reduce_mean`. @throws UNROLL_SHAPE */
export const reduceMean = reduction("Mean", (b, x, axes) => {
  const count = axes.reduce((size, axis) => size * sizesOf(x)[axis]!, 1);
  return b.div(b.sum(x, axes), b.constant(count));
});

/** Where the largest along an axis is: `tf.argmax`, of int32. @throws UNROLL_SHAPE */
export function argmax(x: Tensor, axis = 0): Tensor {
  assertTensor("argmax", x);
  const at = axisOf("argmax", axis, x.shape.length);
  const made = x.shape.filter((_, k) => k !== at);
  return one("ArgMax", [x], "int32", made, (b, [v]) => b.squeeze(b.argmax(v!, at), at));
}

/** As another dtype: `tf.cast`. @throws UNROLL_DTYPE */
export function cast(x: Tensor, dtype: TypeName): Tensor {
  assertTensor("cast", x);
  const to = dtypeOf("cast", dtype);
  return one("Cast", [x], to, x.shape, (b, [v]) => (to === x.dtype ? v! : b.cast(v!, to)));
}

/** Which steps are before each length, bool [..., steps]: `tf.sequence_mask`. */
export function sequenceMask(lengths: Tensor, steps: SizeLike): Tensor {
  assertTensor("sequenceMask", lengths);
  const [count] = knownSizes([steps]) as [number | null];
  const parts = [lengths, ...sizeTensors([steps])];
  return one("SequenceMask", parts, "bool", [...lengths.shape, count], (b, [own, ...others]) => {
    const [size] = resolved([steps], others) as [number];
    return b.less(b.iota(zerosOf(b, [size]), 0), b.expandDims(own!, sizesOf(own!).length));
  });
}

/** From one tensor where a condition holds, elsewhere from the other: `tf.where`. @throws UNROLL_SHAPE */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  assertTensor("where", condition);
  const [p, q] = [asTensor(x), asTensor(y)];
  const made = broadcastStatic("where", condition.shape, broadcastStatic("where", p.shape, q.shape));
  return one("Select", [condition, p, q], p.dtype, made, (b, [c, v, w]) => b.select(c!, v!, w!));
}
