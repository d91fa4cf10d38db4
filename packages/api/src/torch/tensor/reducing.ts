import { unrollError } from "../../contract/error.js";
import { shown } from "../../contract/shown.js";
import { logSoftmax, softmax } from "../../layers/softmax.js";
import { reshaped } from "../../layers/reshaped.js";
import type { Block, Value } from "../../program/builder.js";
import { as } from "./elementwise.js";
import { type Operation, type Sized, sizesOf } from "./operation.js";
import { dimOf, dimsOf } from "./sizes.js";

/** Along which axes, and whether these stay with length 1. */
export interface Along {
  /** One axis or several; all of them where it is left out. */
  readonly dim?: number | readonly number[] | null;
  /** Whether the axes stay, with length 1. Default false. */
  readonly keepdim?: boolean;
}

type Fold = (b: Block, x: Value, axes: readonly number[]) => Value;

/** Operations that fold axes into one number; these stay with length 1. */
const folds = {
  sum: (b, x, axes) => b.sum(x, axes),
  mean: (b, x, axes) => mean(b, x, axes),
  amax: (b, x, axes) => b.reduceMax(x, axes),
  amin: (b, x, axes) => least(b, x, axes),
  // The largest is taken off first, so that nothing overflows; where it is infinite it is the answer.
  logsumexp: (b, x, axes) => {
    const most = b.reduceMax(x, axes);
    const finite = b.less(b.abs(most), b.constant(Infinity));
    const shift = b.select(finite, most, b.constant(0));
    const rest = b.log(b.sum(b.exp(b.sub(x, shift)), axes));
    return b.select(finite, b.add(rest, shift), most);
  },
} satisfies Record<string, Fold>;

/** Name of an operation that folds axes. */
export type Folding = keyof typeof folds | "prod" | "all" | "any";

const least: Fold = (b, x, axes) => b.neg(b.reduceMax(b.neg(x), axes));

const mean: Fold = (b, x, axes) => {
  const count = axes.reduce((product, axis) => product * sizesOf(x)[axis]!, 1);
  return b.div(b.sum(x, axes), b.constant(count));
};

/** Halves an axis again and again: exact for whole numbers, which the engine does not sum. */
function halving(b: Block, x: Value, axis: number, join: (one: Value, other: Value) => Value): Value {
  let value = x;
  for (let size = sizesOf(value)[axis]!; size > 1; size = sizesOf(value)[axis]!) {
    const half = Math.floor(size / 2);
    const joined = join(b.slice(value, axis, 0, half), b.slice(value, axis, half, half));
    value = size % 2 === 0 ? joined : b.concat([joined, b.slice(value, axis, size - 1, 1)], axis);
  }
  return value;
}

const joins = {
  sum: (b: Block) => b.add,
  prod: (b: Block) => b.mul,
  amax: (b: Block) => b.max,
  amin: (b: Block) => b.min,
} as const;

function folded(b: Block, name: Folding, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return name === "all" || name === "any" ? as(b, x, "bool") : x;
  if (name === "any" || name === "all") {
    // Whether any is not zero; all are where none is.
    const flags = as(b, x, "bool");
    const any = (of: Value): Value => as(b, b.reduceMax(as(b, of, "float32"), axes), "bool");
    return name === "any" ? any(flags) : b.not(any(b.not(flags)));
  }
  if (name === "prod" || (x.type.dtype === "int32" && name in joins)) {
    const join = joins[name as keyof typeof joins](b);
    return axes.reduce((value, axis) => halving(b, value, axis, (one, other) => join(one, other)), x);
  }
  return folds[name](b, x, axes);
}

/** Drops axes of length 1, unless they are to stay. */
function dropped(b: Block, x: Value, axes: readonly number[], keepdim: boolean): Value {
  if (keepdim) return x;
  return reshaped(
    b,
    x,
    sizesOf(x).filter((_, k) => !axes.includes(k)),
  );
}

/** The largest along an axis, of floats or whole numbers; NaN if any is. */
export const largestOf = (b: Block, x: Value, axis: number): Value => folded(b, "amax", x, [axis]);

/** The smallest along an axis; NaN if any is. */
export const smallestOf = (b: Block, x: Value, axis: number): Value => folded(b, "amin", x, [axis]);

/** Axes that are folded: PyTorch takes an empty list for all of them. */
const foldedAxes = (name: string, dim: Along["dim"], rank: number): number[] =>
  dimsOf(name, Array.isArray(dim) && dim.length === 0 ? null : dim, rank)
    // A scalar has no axis to name.
    .filter((axis) => axis < rank);

/** Folds axes into one number. @throws UNROLL_DTYPE for a mean of whole numbers */
export function fold(name: Folding, x: Sized, { dim, keepdim = false }: Along): Operation {
  const flags = name === "all" || name === "any";
  const axes = flags
    ? dimsOf(name, dim, x.shape.length).filter((axis) => axis < x.shape.length)
    : foldedAxes(name, dim, x.shape.length);
  const whole = x.dtype !== "float32";
  if (whole && name === "mean") refuseWhole(name, x);
  return {
    name,
    key: `${name} ${axes.join()} ${keepdim}`,
    build(b, [value]) {
      const work = flags ? x.dtype : name === "logsumexp" || !whole ? "float32" : "int32";
      const result = folded(b, name, as(b, value!, work), axes);
      const own = x.dtype === "bool" && (name === "amax" || name === "amin") ? as(b, result, "bool") : result;
      return dropped(b, own, axes, keepdim);
    },
  };
}

/** The order of a norm: 2 is the root of the sum of squares, "fro" another name for it. */
export type NormOrder = number | "fro";

/** Norm of the vectors along axes: (Σ |x|^p)^(1/p), its limits for infinite p, for 0 how many are not 0. */
export function norm(x: Sized, given: NormOrder, { dim, keepdim = false }: Along): Operation {
  const axes = foldedAxes("norm", dim, x.shape.length);
  const p = given === "fro" ? 2 : given;
  if (x.dtype !== "float32") refuseWhole("norm", x);
  if (typeof p !== "number" || Number.isNaN(p))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "norm",
      expected: 'a number or "fro" as p',
      got: shown(given),
      cure: "e.g. norm(2, 1), or norm({ dim: 1 })",
    });
  return {
    name: "norm",
    key: `norm ${p} ${axes.join()} ${keepdim}`,
    build: (b, [value]) =>
      dropped(b, axes.length === 0 ? b.abs(value!) : normOf(b, value!, p, axes), axes, keepdim),
  };
}

function normOf(b: Block, x: Value, p: number, axes: readonly number[]): Value {
  const size = b.abs(x);
  if (p === 2) return b.sqrt(b.sum(b.mul(x, x), axes));
  if (p === 1) return b.sum(size, axes);
  if (p === Infinity) return b.reduceMax(size, axes);
  if (p === -Infinity) return least(b, size, axes);
  if (p === 0) return b.sum(b.cast(b.not(b.equal(x, b.constant(0))), "float32"), axes);
  return b.pow(b.sum(b.pow(size, b.constant(p)), axes), b.constant(1 / p));
}

function refuseWhole(place: string, { dtype }: Sized): never {
  throw unrollError({
    code: "UNROLL_DTYPE",
    place,
    expected: "floats",
    got: dtype,
    cure: "make them by float()",
  });
}

/** Variance, or its root: over the count less `correction`, which is 1 in PyTorch unless it is said. */
export function variance(
  name: "var" | "std",
  x: Sized,
  { dim, keepdim = false, correction = 1 }: Along & { readonly correction?: number },
): Operation {
  const axes = foldedAxes(name, dim, x.shape.length);
  if (x.dtype !== "float32") refuseWhole(name, x);
  const count = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  return {
    name,
    key: `${name} ${axes.join()} ${keepdim} ${correction}`,
    build(b, [value]) {
      const apart = b.sub(value!, mean(b, value!, axes));
      const result = b.div(b.sum(b.mul(apart, apart), axes), b.constant(Math.max(count - correction, 0)));
      return dropped(b, name === "std" ? b.sqrt(result) : result, axes, keepdim);
    },
  };
}

/** Which is the largest or smallest along an axis, the first of equals. */
function position(b: Block, x: Value, axis: number, least: boolean): Value {
  const best = b.equal(x, folded(b, least ? "amin" : "amax", x, [axis]));
  // Large whole numbers are not told apart as floats: whether one is the largest is. Where one is no number
  // the largest is none either, and equals nothing.
  const found = x.type.dtype === "float32" ? b.not(b.and(b.equal(x, x), b.not(best))) : best;
  return b.argmax(b.cast(found, "float32"), axis);
}

/** The largest or smallest along an axis, and where it is. */
export function extreme(name: "max" | "min", x: Sized, dim: number, keepdim: boolean): Operation {
  const axis = dimOf(name, dim, x.shape.length);
  const least = name === "min";
  return {
    name,
    key: `${name} ${axis} ${keepdim}`,
    build(b, [value]) {
      const numbers = as(b, value!, x.dtype === "bool" ? "int32" : x.dtype);
      if (x.shape.length === 0) return [value!, b.constant(0, [], "int32")];
      const best = folded(b, least ? "amin" : "amax", numbers, [axis]);
      return [best, position(b, numbers, axis, least)].map((one, k) =>
        as(b, dropped(b, one, [axis], keepdim), k === 0 ? x.dtype : "int32"),
      );
    },
  };
}

/** Where the largest or smallest is: along an axis, or in the flattened tensor. */
export function argExtreme(
  name: "argmax" | "argmin",
  x: Sized,
  dim: number | null,
  keepdim: boolean,
): Operation {
  const flat = dim === null;
  const axis = flat ? 0 : dimOf(name, dim, x.shape.length);
  return {
    name,
    key: `${name} ${flat ? "" : axis} ${keepdim}`,
    build(b, [value]) {
      const numbers = as(b, value!, x.dtype === "bool" ? "int32" : x.dtype);
      const size = x.shape.reduce((product, one) => product * one, 1);
      const from = flat || x.shape.length === 0 ? reshaped(b, numbers, [size]) : numbers;
      const at = position(b, from, axis, name === "argmin");
      if (!flat && x.shape.length > 0) return dropped(b, at, [axis], keepdim);
      return reshaped(b, at, keepdim ? x.shape.map(() => 1) : []);
    },
  };
}

/** Sums of everything up to and with each element, along an axis. */
export function cumsum(x: Sized, dim: number): Operation {
  const axis = dimOf("cumsum", dim, x.shape.length);
  return {
    name: "cumsum",
    key: `cumsum ${axis}`,
    build(b, [value]) {
      if (x.shape.length === 0) return as(b, value!, x.dtype === "float32" ? "float32" : "int32");
      if (x.dtype === "float32") return b.cumsum(value!, axis);
      // Exact: each element plus the one 1, 2, 4, ... before it.
      let sums = as(b, value!, "int32");
      const size = x.shape[axis]!;
      for (let back = 1; back < size; back *= 2) {
        const shifted = b.add(b.slice(sums, axis, back, size - back), b.slice(sums, axis, 0, size - back));
        sums = b.concat([b.slice(sums, axis, 0, back), shifted], axis);
      }
      return sums;
    },
  };
}

/** Shares that sum to 1 along an axis, or their logarithms. */
export function shares(name: "softmax" | "logSoftmax", x: Sized, dim: number): Operation {
  const rank = x.shape.length;
  const axis = dimOf(name, dim, rank);
  const swap = x.shape.map((_, k) => (k === axis ? rank - 1 : k === rank - 1 ? axis : k));
  const of = name === "softmax" ? softmax : logSoftmax;
  if (x.dtype !== "float32") refuseWhole(name, x);
  return {
    name,
    key: `${name} ${axis}`,
    build(b, [value]) {
      if (rank === 0) return b.squeeze(of(b, b.expandDims(value!, 0)), 0);
      if (axis === rank - 1) return of(b, value!);
      return b.transpose(of(b, b.transpose(value!, swap)), swap);
    },
  };
}
