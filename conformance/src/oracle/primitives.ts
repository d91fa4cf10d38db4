import type { PrimitiveName } from "@unroll/api";

/** A tensor of float64 (whole numbers and 0/1 for int32 and bool), row-major. */
export interface Numbers {
  /** What an engine holds it as. */
  readonly dtype: "float32" | "int32" | "bool";
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Its elements, as many as the product of the sizes. */
  readonly data: Float64Array;
}

type Attrs = Readonly<Record<string, unknown>>;

/**
 * How an operation's result is rounded: nothing when exact. `size` is what the rounding of one element is
 * relative to.
 */
export interface Rounding {
  /**
   * An elementwise result, or that of a function which engines approximate, with the function's name, `op`,
   * and its `argument`.
   */
  value(value: number, approximated?: { readonly op: string; readonly argument: number }): number;
  /** A sum, from the root of the sum of squares of its partial sums. */
  sum(value: number, spread: number): number;
}

export const unrounded: Rounding = { value: (value) => value, sum: (value) => value };

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (s: readonly number[], k: number): number => s[k - rank + s.length] ?? 1;
  return Array.from({ length: rank }, (_, k) => (at(a, k) === 1 ? at(b, k) : at(a, k)));
}

/** Index of each element of a shape, row-major. */
function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let n = sizeOf(shape); n > 0; n--) {
    yield index;
    for (let k = shape.length - 1; k >= 0 && ++index[k]! === shape[k]; k--) index[k] = 0;
  }
}

/** The element of `x` that an index of a shape it stretches to reads. */
function at(x: Numbers, index: readonly number[]): number {
  let flat = 0;
  x.shape.forEach((dim, k) => {
    flat = flat * dim + (dim === 1 ? 0 : index[index.length - x.shape.length + k]!);
  });
  return x.data[flat]!;
}

function filled(
  dtype: Numbers["dtype"],
  shape: readonly number[],
  f: (index: readonly number[]) => number,
): Numbers {
  const data = new Float64Array(sizeOf(shape));
  let k = 0;
  for (const index of indices(shape)) data[k++] = f(index);
  return { dtype, shape, data };
}

/**
 * For each element of a shape, where in `x`, which stretches to it, that element comes from; null where that
 * is the same place.
 */
function places(x: Numbers, shape: readonly number[]): Int32Array | null {
  if (x.shape.length === shape.length && x.shape.every((dim, k) => dim === shape[k])) return null;
  const from = new Int32Array(sizeOf(shape));
  let k = 0;
  for (const index of indices(shape)) {
    let flat = 0;
    x.shape.forEach((dim, d) => {
      flat = flat * dim + (dim === 1 ? 0 : index[index.length - x.shape.length + d]!);
    });
    from[k++] = flat;
  }
  return from;
}

/** A function of the elements of two operands that stretch to each other. */
function pairwise(
  dtype: Numbers["dtype"],
  x: Numbers,
  y: Numbers,
  f: (a: number, b: number) => number,
): Numbers {
  const shape = broadcast(x.shape, y.shape);
  const [left, right] = [places(x, shape), places(y, shape)];
  const data = new Float64Array(sizeOf(shape));
  for (let k = 0; k < data.length; k++)
    data[k] = f(x.data[left ? left[k]! : k]!, y.data[right ? right[k]! : k]!);
  return { dtype, shape, data };
}

/** What an operation is given. */
interface Given {
  readonly xs: readonly Numbers[];
  readonly attrs: Attrs;
  readonly rounding: Rounding;
}

type Definition = (given: Given) => Numbers;

/** Rounds float32 results only: integers and booleans are what they are. */
const roundedBy =
  ({ xs, rounding }: Given, op?: string) =>
  (value: number, argument = 0): number =>
    xs[0]!.dtype === "float32"
      ? rounding.value(value, op === undefined ? undefined : { op, argument })
      : value;

const binary =
  (f: (a: number, b: number) => number, op?: string): Definition =>
  (given) => {
    const [x, y] = given.xs as [Numbers, Numbers];
    const rounded = roundedBy(given, op);
    return pairwise(x.dtype, x, y, (a, b) => rounded(f(a, b), a));
  };
const exactBinary =
  (f: (a: number, b: number) => number): Definition =>
  ({ xs: [x, y] }) =>
    pairwise(x!.dtype, x!, y!, f);
const comparing =
  (f: (a: number, b: number) => boolean): Definition =>
  ({ xs: [x, y] }) =>
    pairwise("bool", x!, y!, (a, b) => Number(f(a, b)));
const unary =
  (f: (x: number) => number, op?: string): Definition =>
  (given) => {
    const rounded = roundedBy(given, op);
    return { ...given.xs[0]!, data: given.xs[0]!.data.map((value) => rounded(f(value), value)) };
  };
const exactUnary =
  (f: (x: number) => number): Definition =>
  ({ xs: [x] }) => ({ ...x!, data: x!.data.map(f) });

/** An index with another number at one axis. */
const moved = (index: readonly number[], axis: number, to: number): number[] =>
  index.map((i, k) => (k === axis ? to : i));
const resized = (shape: readonly number[], axis: number, to: number): number[] => moved(shape, axis, to);

/** What stands at the places of an index that differ in some axes. */
function along(x: Numbers, axes: readonly number[], index: readonly number[]): number[] {
  return axes
    .reduce<number[][]>(
      (places, axis) =>
        places.flatMap((place) => Array.from({ length: x.shape[axis]! }, (_, k) => moved(place, axis, k))),
      [[...index]],
    )
    .map((place) => at(x, place));
}

const folded =
  (f: (values: readonly number[], rounding: Rounding) => number): Definition =>
  ({ xs: [x], attrs, rounding }) => {
    const axes = attrs["axes"] as readonly number[];
    const shape = x!.shape.map((dim, k) => (axes.includes(k) ? 1 : dim));
    return filled(x!.dtype, shape, (index) => f(along(x!, axes, index), rounding));
  };

const sumOf = (values: readonly number[], rounding: Rounding): number =>
  summed(values.length, (k) => values[k]!, rounding);

const axisOf = ({ axis }: Attrs): number => axis as number;

const matmul: Definition = ({ xs: [x, y], rounding }) => {
  const [a, b] = [x!, y!];
  const [m, inner] = a.shape.slice(-2) as [number, number];
  const n = b.shape[b.shape.length - 1]!;
  if (a.shape.length === 2 && b.shape.length === 2) {
    const data = new Float64Array(m * n);
    for (let k = 0; k < data.length; k++) {
      const [row, column] = [Math.floor(k / n) * inner, k % n];
      data[k] = summed(inner, (t) => a.data[row + t]! * b.data[t * n + column]!, rounding);
    }
    return { dtype: "float32", shape: [m, n], data };
  }
  return filled("float32", [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n], (index) => {
    const [lead, row, column] = [index.slice(0, -2), index[index.length - 2]!, index[index.length - 1]!];
    return summed(inner, (k) => at(a, [...lead, row, k]) * at(b, [...lead, k, column]), rounding);
  });
};

const slice: Definition = ({ xs: [x], attrs }) => {
  const axis = axisOf(attrs);
  const [start, length] = [attrs["start"] as number, attrs["length"] as number];
  const from = start < 0 ? x!.shape[axis]! + start : start;
  const shape = resized(x!.shape, axis, length);
  if (x!.shape.slice(0, axis).every((dim) => dim === 1)) {
    const size = sizeOf(x!.shape.slice(axis + 1));
    return { dtype: x!.dtype, shape, data: x!.data.slice(from * size, (from + length) * size) };
  }
  return filled(x!.dtype, shape, (index) => at(x!, moved(index, axis, index[axis]! + from)));
};

const concat: Definition = ({ xs, attrs }) => {
  const axis = axisOf(attrs);
  const ends: number[] = [];
  for (const { shape } of xs) ends.push((ends[ends.length - 1] ?? 0) + shape[axis]!);
  return filled(xs[0]!.dtype, resized(xs[0]!.shape, axis, ends[ends.length - 1]!), (index) => {
    const source = ends.findIndex((end) => index[axis]! < end);
    return at(xs[source]!, moved(index, axis, index[axis]! - (ends[source - 1] ?? 0)));
  });
};

const scatterAdd: Definition = ({ xs: [updates, indices, like], rounding }) =>
  filled("float32", like!.shape, (index) => {
    const row = sizeOf(like!.shape.slice(1));
    const place = index.slice(1).reduce((flat, i, k) => flat * like!.shape[k + 1]! + i, 0);
    const met = Array.from(indices!.data.keys()).filter((k) => indices!.data[k] === index[0]);
    return sumOf(
      met.map((k) => updates!.data[k * row + place]!),
      rounding,
    );
  });

/**
 * Every primitive by its one line of meaning in `program/primitives/`, in float64, written apart from every
 * engine. By type: one that is missing here does not compile.
 */
const definitions: { readonly [P in PrimitiveName]: Definition } = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  pow: binary((a, b) => (a === 1 ? 1 : a ** b), "pow"),
  min: exactBinary(Math.min),
  max: exactBinary(Math.max),
  less: comparing((a, b) => a < b),
  equal: comparing((a, b) => a === b),
  and: comparing((a, b) => a !== 0 && b !== 0),
  not: exactUnary((x) => 1 - x),
  neg: exactUnary((x) => -x),
  abs: exactUnary(Math.abs),
  floor: exactUnary(Math.floor),
  exp: unary(Math.exp, "exp"),
  log: unary(Math.log, "log"),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin, "sin"),
  cos: unary(Math.cos, "cos"),
  tanh: unary(Math.tanh, "tanh"),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x)), "sigmoid"),
  constant({ attrs, rounding }) {
    const dtype = attrs["dtype"] as Numbers["dtype"];
    // An engine holds 0.1 rounded, and 0.5 as it is.
    const held = (value: number): number =>
      dtype === "float32" && Math.fround(value) !== value ? rounding.value(value) : value;
    return {
      dtype,
      shape: attrs["shape"] as number[],
      data: Float64Array.from(attrs["value"] as number[], held),
    };
  },
  select: ({ xs: [condition, a, b] }) =>
    filled(a!.dtype, broadcast(condition!.shape, broadcast(a!.shape, b!.shape)), (index) =>
      at(condition!, index) !== 0 ? at(a!, index) : at(b!, index),
    ),
  cast({ xs: [x], attrs }) {
    const dtype = attrs["dtype"] as Numbers["dtype"];
    const as = { bool: (v: number) => Number(v !== 0), int32: Math.trunc, float32: (v: number) => v }[dtype];
    return { dtype, shape: x!.shape, data: x!.data.map(as) };
  },
  matmul,
  sum: folded(sumOf),
  reduceMax: folded((values) => Math.max(...values)),
  argmax({ xs: [x], attrs }) {
    const axis = axisOf(attrs);
    return filled("int32", resized(x!.shape, axis, 1), (index) => {
      const values = along(x!, [axis], index);
      return values.indexOf(Math.max(...values));
    });
  },
  cumsum({ xs: [x], attrs, rounding }) {
    const axis = axisOf(attrs);
    const inner = sizeOf(x!.shape.slice(axis + 1));
    const { dtype, shape, data } = x!;
    const sumTo = (place: number): number => {
      const steps = Math.floor(place / inner) % shape[axis]!;
      const first = place - steps * inner;
      return summed(steps + 1, (k) => data[first + k * inner]!, rounding);
    };
    return { dtype, shape, data: data.map((_, place) => sumTo(place)) };
  },
  expandDims: ({ xs: [x], attrs }) => ({
    ...x!,
    shape: [...x!.shape.slice(0, axisOf(attrs)), 1, ...x!.shape.slice(axisOf(attrs))],
  }),
  squeeze: ({ xs: [x], attrs }) => ({ ...x!, shape: x!.shape.filter((_, k) => k !== axisOf(attrs)) }),
  mergeAxes({ xs: [x], attrs }) {
    const [axis, end] = [axisOf(attrs), axisOf(attrs) + (attrs["count"] as number)];
    const merged = sizeOf(x!.shape.slice(axis, end));
    return { ...x!, shape: [...x!.shape.slice(0, axis), merged, ...x!.shape.slice(end)] };
  },
  splitAxis({ xs: [x, like], attrs }) {
    const [axis, end] = [axisOf(attrs), axisOf(attrs) + (attrs["count"] as number)];
    return {
      ...x!,
      shape: [...x!.shape.slice(0, axis), ...like!.shape.slice(axis, end), ...x!.shape.slice(axis + 1)],
    };
  },
  transpose({ xs: [x], attrs }) {
    const perm = attrs["perm"] as readonly number[];
    const shape = perm.map((k) => x!.shape[k]!);
    return filled(x!.dtype, shape, (index) =>
      at(
        x!,
        perm.map((_, k) => index[perm.indexOf(k)]!),
      ),
    );
  },
  reverse({ xs: [x], attrs }) {
    const axis = axisOf(attrs);
    return filled(x!.dtype, x!.shape, (index) =>
      at(x!, moved(index, axis, x!.shape[axis]! - 1 - index[axis]!)),
    );
  },
  slice,
  stride({ xs: [x], attrs }) {
    const axis = axisOf(attrs);
    const [low, high, step] = [attrs["low"] as number, attrs["high"] as number, attrs["step"] as number];
    let length = 0;
    while (low + length * step < x!.shape[axis]! - high) length++;
    return filled(x!.dtype, resized(x!.shape, axis, length), (index) =>
      at(x!, moved(index, axis, low + index[axis]! * step)),
    );
  },
  pad({ xs: [x], attrs }) {
    const axis = axisOf(attrs);
    const [low, high] = [attrs["low"] as number, attrs["high"] as number];
    const size = x!.shape[axis]!;
    return filled(x!.dtype, resized(x!.shape, axis, low + size + high), (index) => {
      const from = index[axis]! - low;
      return from >= 0 && from < size ? at(x!, moved(index, axis, from)) : (attrs["value"] as number);
    });
  },
  concat,
  gather({ xs: [table, indices] }) {
    const row = table!.shape.slice(1);
    const size = sizeOf(row);
    const { data: from } = table!;
    const data = new Float64Array(indices!.data.length * size);
    indices!.data.forEach((at, k) => data.set(from.subarray(at * size, (at + 1) * size), k * size));
    return { dtype: table!.dtype, shape: [...indices!.shape, ...row], data };
  },
  scatterAdd,
  iota: ({ xs: [x], attrs }) => filled("int32", [x!.shape[axisOf(attrs)]!], ([k]) => k!),
  expand: ({ xs: [x, like] }) => filled(x!.dtype, like!.shape, (index) => at(x!, index)),
};

/**
 * One primitive in float64.
 *
 * @param rounding what each result suffers
 */
export const primitive = (
  op: string,
  xs: readonly Numbers[],
  attrs: Attrs,
  rounding: Rounding = unrounded,
): Numbers => definitions[op as PrimitiveName]({ xs, attrs, rounding });

function summed(count: number, term: (k: number) => number, rounding: Rounding): number {
  let [sum, squares] = [0, 0];
  for (let k = 0; k < count; k++) {
    const one = term(k);
    sum += one;
    squares += one * one + sum * sum;
  }
  return rounding.sum(sum, Math.sqrt(squares));
}
