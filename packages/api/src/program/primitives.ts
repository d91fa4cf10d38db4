import { unrollError } from "../contract/error.js";
import type { DType } from "../contract/tensor.js";
import type { Attrs, Dim, ValueType } from "../contract/program.js";

/** What the builder, the verifier and an adapter author need to know of one primitive. */
export interface Primitive {
  /** One line of meaning. */
  readonly meaning: string;
  /** Names of the operands, in order. A last name ending in `...` stands for one or more. */
  readonly operands: readonly string[];
  /** Attribute names, all required. */
  readonly attrs: readonly string[];
  /** Result type; throws UNROLL_SHAPE or UNROLL_DTYPE when operands do not fit. */
  infer(operands: readonly ValueType[], attrs: Attrs, place: string): ValueType;
}

const show = (type: ValueType): string => `${type.dtype} [${type.shape.join(", ")}]`;

function expectDType(place: string, type: ValueType, allowed: readonly DType[]): void {
  if (!allowed.includes(type.dtype)) {
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: place,
      expected: allowed.join(" or "),
      got: show(type),
      cure: "cast it first",
      details: { allowed, got: type },
    });
  }
}

/**
 * Axis number of an attribute, counted from the front; negative ones are refused so that a program has one
 * spelling.
 */
function axisOf(place: string, attrs: Attrs, name: string, rank: number): number {
  const axis = attrs[name];
  if (typeof axis !== "number" || !Number.isInteger(axis) || axis < 0 || axis >= rank) {
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: place,
      expected: `${name} in 0..${rank - 1}`,
      got: String(axis),
      cure: "count axes from the front",
      details: { axis, rank },
    });
  }
  return axis;
}

/**
 * Shape of an elementwise operation on two shapes: aligned at the last axis, 1 stretches. A symbolic dim
 * equals only itself.
 */
export function broadcast(place: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let k = 0; k < rank; k++) {
    const left = k < rank - a.length ? 1 : a[k - (rank - a.length)]!;
    const right = k < rank - b.length ? 1 : b[k - (rank - b.length)]!;
    if (left !== right && left !== 1 && right !== 1) {
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: place,
        expected: "shapes that broadcast",
        got: `[${a.join(", ")}] and [${b.join(", ")}]`,
        cure: "axes from the end must be equal or 1",
        details: { left: a, right: b },
      });
    }
    result.push(left === 1 ? right : left);
  }
  return result;
}

function same(place: string, a: ValueType, b: ValueType): void {
  if (a.dtype !== b.dtype)
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: place,
      expected: "operands of one dtype",
      got: `${show(a)} and ${show(b)}`,
      cure: "cast one of them",
      details: { left: a, right: b },
    });
}

const unary = (meaning: string, allowed: readonly DType[] = ["float32"]): Primitive => ({
  meaning,
  operands: ["x"],
  attrs: [],
  infer: ([x], _attrs, place) => {
    expectDType(place, x!, allowed);
    return x!;
  },
});

const binary = (
  meaning: string,
  result?: DType,
  allowed: readonly DType[] = ["float32", "int32"],
): Primitive => ({
  meaning,
  operands: ["a", "b"],
  attrs: [],
  infer: ([a, b], _attrs, place) => {
    expectDType(place, a!, allowed);
    same(place, a!, b!);
    return { dtype: result ?? a!.dtype, shape: broadcast(place, a!.shape, b!.shape) };
  },
});

const reduce = (meaning: string): Primitive => ({
  meaning,
  operands: ["x"],
  attrs: ["axis"],
  infer: ([x], attrs, place) => {
    expectDType(place, x!, ["float32"]);
    const axis = axisOf(place, attrs, "axis", x!.shape.length);
    return { dtype: x!.dtype, shape: x!.shape.map((dim, k) => (k === axis ? 1 : dim)) };
  },
});

/**
 * Every primitive there is. An adapter names the ones it runs in its capabilities; a new one needs a reason
 * that no combination of these can meet (docs/decisions/0002-primitives.md).
 *
 * Elementwise operations broadcast as NumPy does.
 */
export const primitives = {
  constant: {
    meaning: "a literal: `value` holds the elements row-major, `shape` and `dtype` say what they are",
    operands: [],
    attrs: ["dtype", "shape", "value"],
    infer: (_operands, attrs, place) => {
      const shape = attrs["shape"] as readonly number[];
      const value = attrs["value"] as readonly number[];
      const size = shape.reduce((a, b) => a * b, 1);
      if (value.length !== size)
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: `${size} values for shape [${shape.join(", ")}]`,
          got: `${value.length}`,
          cure: "a constant is not broadcast",
        });
      return { dtype: attrs["dtype"] as DType, shape };
    },
  },
  add: binary("a + b"),
  sub: binary("a - b"),
  mul: binary("a * b"),
  div: binary("a / b", undefined, ["float32"]),
  min: binary("the smaller of a and b; NaN if either is"),
  max: binary("the larger of a and b; NaN if either is"),
  less: binary("a < b", "bool"),
  equal: binary("a == b", "bool"),
  and: binary("a and b", "bool", ["bool"]),
  not: unary("the opposite of x", ["bool"]),
  select: {
    meaning:
      "a where the condition holds, b elsewhere; exact, so what is not chosen never matters, NaN included",
    operands: ["condition", "a", "b"],
    attrs: [],
    infer: ([condition, a, b], _attrs, place) => {
      expectDType(place, condition!, ["bool"]);
      same(place, a!, b!);
      return {
        dtype: a!.dtype,
        shape: broadcast(place, condition!.shape, broadcast(place, a!.shape, b!.shape)),
      };
    },
  },
  neg: unary("-x"),
  exp: unary("e to the x"),
  log: unary("natural logarithm"),
  sqrt: unary("square root"),
  abs: unary("absolute value"),
  tanh: unary("hyperbolic tangent"),
  sigmoid: unary("1 / (1 + e^-x)"),
  cast: {
    meaning: "x as another dtype: bool to 0 or 1, float to integer by truncation, number to bool by x != 0",
    operands: ["x"],
    attrs: ["dtype"],
    infer: ([x], attrs) => ({ dtype: attrs["dtype"] as DType, shape: x!.shape }),
  },
  matmul: {
    meaning: "matrix product over the last two axes; leading axes broadcast",
    operands: ["a", "b"],
    attrs: [],
    infer: ([a, b], _attrs, place) => {
      expectDType(place, a!, ["float32"]);
      same(place, a!, b!);
      const [rankA, rankB] = [a!.shape.length, b!.shape.length];
      if (rankA < 2 || rankB < 2 || a!.shape[rankA - 1] !== b!.shape[rankB - 2]) {
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: "[..., m, k] and [..., k, n]",
          got: `${show(a!)} and ${show(b!)}`,
          cure: "the inner axes must agree",
          details: { left: a, right: b },
        });
      }
      const lead = broadcast(place, a!.shape.slice(0, -2), b!.shape.slice(0, -2));
      return { dtype: "float32", shape: [...lead, a!.shape[rankA - 2]!, b!.shape[rankB - 1]!] };
    },
  },
  sum: reduce("sum along `axis`, which stays with length 1"),
  reduceMax: reduce("largest along `axis`, which stays with length 1"),
  expandDims: {
    meaning: "a new axis of length 1 at `axis`",
    operands: ["x"],
    attrs: ["axis"],
    infer: ([x], attrs, place) => {
      const axis = axisOf(place, attrs, "axis", x!.shape.length + 1);
      return { dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), 1, ...x!.shape.slice(axis)] };
    },
  },
  squeeze: {
    meaning: "drops `axis`, which must have length 1",
    operands: ["x"],
    attrs: ["axis"],
    infer: ([x], attrs, place) => {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      if (x!.shape[axis] !== 1)
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: `length 1 at axis ${axis}`,
          got: show(x!),
          cure: "use slice to pick one element first",
        });
      return { dtype: x!.dtype, shape: x!.shape.filter((_, k) => k !== axis) };
    },
  },
  transpose: {
    meaning: "axes in the order `perm`",
    operands: ["x"],
    attrs: ["perm"],
    infer: ([x], attrs, place) => {
      const perm = attrs["perm"] as readonly number[];
      const sorted = [...perm].sort((a, b) => a - b);
      if (perm.length !== x!.shape.length || sorted.some((axis, k) => axis !== k)) {
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: `perm to name each of ${x!.shape.length} axes once`,
          got: `[${perm.join(", ")}]`,
          cure: "e.g. [1, 0, 2] swaps batch and time",
        });
      }
      return { dtype: x!.dtype, shape: perm.map((axis) => x!.shape[axis]!) };
    },
  },
  reverse: {
    meaning: "elements along `axis` in the opposite order",
    operands: ["x"],
    attrs: ["axis"],
    infer: ([x], attrs, place) => {
      axisOf(place, attrs, "axis", x!.shape.length);
      return x!;
    },
  },
  slice: {
    meaning: "`length` elements along `axis` from `start`; a negative start counts from the end",
    operands: ["x"],
    attrs: ["axis", "start", "length"],
    infer: ([x], attrs, place) => {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const [start, length, dim] = [attrs["start"] as number, attrs["length"] as number, x!.shape[axis]!];
      const fits =
        length >= 1 &&
        (typeof dim === "string"
          ? start >= 0 || -start >= length
          : start >= 0
            ? start + length <= dim
            : -start <= dim && length <= -start);
      if (!fits)
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: `a slice inside axis ${axis} of ${show(x!)}`,
          got: `start ${start}, length ${length}`,
          cure: "mind that a negative start counts from the end",
        });
      return { dtype: x!.dtype, shape: x!.shape.map((d, k) => (k === axis ? length : d)) };
    },
  },
  concat: {
    meaning: "operands one after the other along `axis`",
    operands: ["x..."],
    attrs: ["axis"],
    infer: (xs, attrs, place) => {
      const first = xs[0]!;
      const axis = axisOf(place, attrs, "axis", first.shape.length);
      let length = 0;
      for (const x of xs) {
        same(place, first, x);
        const dim = x.shape[axis];
        if (
          x.shape.length !== first.shape.length ||
          typeof dim !== "number" ||
          x.shape.some((d, k) => k !== axis && d !== first.shape[k])
        ) {
          throw unrollError({
            code: "UNROLL_SHAPE",
            place: place,
            expected: `shapes equal but for axis ${axis}`,
            got: xs.map(show).join(" and "),
            cure: "only an axis of known length can be joined",
          });
        }
        length += dim;
      }
      return { dtype: first.dtype, shape: first.shape.map((d, k) => (k === axis ? length : d)) };
    },
  },
  gather: {
    meaning: "rows of `table` (its first axis) at `indices`; an index outside is undefined, so callers check",
    operands: ["table", "indices"],
    attrs: [],
    infer: ([table, indices], _attrs, place) => {
      expectDType(place, indices!, ["int32"]);
      return { dtype: table!.dtype, shape: [...indices!.shape, ...table!.shape.slice(1)] };
    },
  },
  iota: {
    meaning: "0, 1, 2, ... as int32, as many as axis `axis` of x is long; x gives only its length",
    operands: ["x"],
    attrs: ["axis"],
    infer: ([x], attrs, place) => ({
      dtype: "int32",
      shape: [x!.shape[axisOf(place, attrs, "axis", x!.shape.length)]!],
    }),
  },
  expand: {
    meaning: "x broadcast to the shape of `like`; the values of `like` are not read",
    operands: ["x", "like"],
    attrs: [],
    infer: ([x, like], _attrs, place) => {
      const shape = broadcast(place, x!.shape, like!.shape);
      if (shape.length !== like!.shape.length || shape.some((dim, k) => dim !== like!.shape[k])) {
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: `a shape that stretches to ${show(like!)}`,
          got: show(x!),
          cure: "only axes of length 1 stretch",
        });
      }
      return { dtype: x!.dtype, shape: like!.shape };
    },
  },
} satisfies Record<string, Primitive>;

export type PrimitiveName = keyof typeof primitives;

/** Names of all primitives, for adapters that run every one. */
export const primitiveNames = Object.keys(primitives) as PrimitiveName[];

/** The primitive of a name, or undefined. */
export function primitiveOf(name: string): Primitive | undefined {
  return Object.hasOwn(primitives, name) ? primitives[name as PrimitiveName] : undefined;
}
