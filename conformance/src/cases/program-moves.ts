import type { Block, Dim, PrimitiveName, Value } from "@unroll/api/adapter";

const float = (v: Value): boolean => v.type.dtype === "float32";
const stretch = (a: Value, b: Value): boolean => {
  const [long, short] = a.type.shape.length >= b.type.shape.length ? [a, b] : [b, a];
  return short.type.shape.every((dim, k) => {
    const other = long.type.shape[long.type.shape.length - short.type.shape.length + k];
    return dim === other || dim === 1 || other === 1;
  });
};

/**
 * Puts a primitive on values that are there, `pick` choosing among what fits; null where none of them does.
 */
type MoveOn = (b: Block, values: readonly Value[], pick: number) => Value | null;

const bool = (v: Value): boolean => v.type.dtype === "bool";
const hasAxis = (v: Value): boolean => v.type.shape.length > 0;
const axisOf = (v: Value, pick: number): number => pick % v.type.shape.length;
const long = (dim: Dim | undefined): boolean => typeof dim === "number" && dim > 1;
const sameType = (a: Value, c: Value): boolean => a.type.dtype === c.type.dtype && stretch(a, c);

const arithmetic =
  (op: "add" | "sub" | "mul" | "min" | "max" | "less" | "equal"): MoveOn =>
  (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) => !bool(a) && sameType(a, c),
      (a, c) => b[op](a, c),
    );
const floats =
  (f: (b: Block, v: Value, pick: number) => Value): MoveOn =>
  (b, values, pick) =>
    on(values, pick, float, (v) => f(b, v, pick));
const alongFloats =
  (f: (b: Block, v: Value, pick: number) => Value): MoveOn =>
  (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && hasAxis(v),
      (v) => f(b, v, pick),
    );

/** One axis, or all of them. */
const axesOf = (v: Value, pick: number): readonly number[] =>
  pick % 3 === 2 ? v.type.shape.map((_, k) => k) : [axisOf(v, pick)];

/** How each primitive is drawn: by type, so that a new one which is not does not compile. */
export const moves: { readonly [P in PrimitiveName]: MoveOn } = {
  constant: (b, _values, pick) => b.constant([pick / 16 - 2, 0.375, -1], [3]),
  add: arithmetic("add"),
  sub: arithmetic("sub"),
  mul: arithmetic("mul"),
  min: arithmetic("min"),
  max: arithmetic("max"),
  less: arithmetic("less"),
  equal: arithmetic("equal"),
  // Away from 0, so that a quotient is no matter of chance.
  div: (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) => float(a) && float(c) && stretch(a, c),
      (a, c) => b.div(a, b.add(b.abs(c), b.constant(1))),
    ),
  // Of positive numbers near 1, so that nothing overflows.
  pow: (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) => float(a) && float(c) && stretch(a, c),
      (a, c) => b.pow(b.add(b.sigmoid(a), b.constant(0.5)), b.tanh(c)),
    ),
  and: (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) => bool(a) && bool(c) && stretch(a, c),
      (a, c) => b.and(a, c),
    ),
  select: (b, values, pick) => {
    const condition = one(values, pick, bool);
    const fits = (a: Value, c: Value): boolean =>
      a.type.dtype === c.type.dtype && a.type.shape.join() === c.type.shape.join() && stretch(condition!, a);
    return condition && pairOf(values, pick >> 2, fits, (a, c) => b.select(condition, a, c));
  },
  neg: floats((b, v) => b.neg(v)),
  abs: floats((b, v) => b.abs(v)),
  floor: floats((b, v) => b.floor(v)),
  // Within a few turns, where no engine loses the angle.
  sin: floats((b, v) => b.sin(b.mul(b.tanh(v), b.constant(4)))),
  cos: floats((b, v) => b.cos(b.mul(b.tanh(v), b.constant(4)))),
  tanh: floats((b, v) => b.tanh(v)),
  sigmoid: floats((b, v) => b.sigmoid(v)),
  exp: floats((b, v) => b.exp(b.tanh(v))),
  log: floats((b, v) => b.log(b.add(b.abs(v), b.constant(0.5)))),
  sqrt: floats((b, v) => b.sqrt(b.add(b.abs(v), b.constant(0.25)))),
  not: (b, values, pick) => on(values, pick, bool, (v) => b.not(v)),
  cast: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => !float(v),
      (v) => b.cast(v, "float32"),
    ),
  matmul: (b, values, pick) => {
    const fits = ({ type: { shape: left } }: Value, { type: { shape: right } }: Value): boolean =>
      left.length >= 2 && right.length === 2 && left[left.length - 1] === right[0];
    return pairOf(
      values,
      pick,
      (a, c) => float(a) && float(c) && fits(a, c),
      (a, c) => b.matmul(a, c),
    );
  },
  sum: alongFloats((b, v, pick) => b.sum(v, axesOf(v, pick))),
  reduceMax: alongFloats((b, v, pick) => b.reduceMax(v, axesOf(v, pick))),
  argmax: alongFloats((b, v, pick) => b.argmax(v, axisOf(v, pick))),
  cumsum: alongFloats((b, v, pick) => b.cumsum(v, axisOf(v, pick))),
  expandDims: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length < 4,
      (v) => b.expandDims(v, pick % (v.type.shape.length + 1)),
    ),
  squeeze: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.includes(1),
      (v) => b.squeeze(v, v.type.shape.indexOf(1)),
    ),
  mergeAxes: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length >= 2,
      (v) => b.mergeAxes(v, pick % (v.type.shape.length - 1), 2),
    ),
  splitAxis: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length >= 2,
      (v) => b.splitAxis(b.mergeAxes(b.reverse(v, 1), 0, 2), v, 0, 2),
    ),
  transpose: (b, values, pick) => {
    const turned = ({ type: { shape } }: Value): number[] =>
      shape.map((_, k) => (k + 1 + (pick % (shape.length - 1))) % shape.length);
    return on(
      values,
      pick,
      (v) => v.type.shape.length >= 2,
      (v) => b.transpose(v, turned(v)),
    );
  },
  reverse: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => hasAxis(v) && !bool(v),
      (v) => b.reverse(v, axisOf(v, pick)),
    ),
  slice: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.some(long),
      (v) => b.slice(v, v.type.shape.findIndex(long), pick % 2 === 0 ? 1 : -1, 1),
    ),
  stride: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.some(long) && !bool(v),
      (v) => b.stride(v, v.type.shape.findIndex(long), pick % 2, 0, 1 + (pick % 3)),
    ),
  pad: alongFloats((b, v, pick) => b.pad(v, axisOf(v, pick), pick % 2, 1 + (pick % 3), pick % 5)),
  concat: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => typeof v.type.shape[v.type.shape.length - 1] === "number" && !bool(v),
      (v) => b.concat([v, v, v].slice(0, 1 + (pick % 3)), v.type.shape.length - 1),
    ),
  gather: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && v.type.shape[0] === 3,
      (v) => b.gather(v, b.constant([2, 0, 1, 2], [2, 2], "int32")),
    ),
  scatterAdd: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && v.type.shape[0] === 3,
      (v) => b.scatterAdd(v, b.constant([1, pick % 3, 1], [3], "int32"), v),
    ),
  iota: (b, values, pick) => on(values, pick, hasAxis, (v) => b.iota(v, axisOf(v, pick))),
  expand: alongFloats((b, v) => b.expand(b.constant(0.375), v)),
};

const one = (values: readonly Value[], pick: number, fits: (v: Value) => boolean): Value | null => {
  const fitting = values.filter(fits);
  return fitting[pick % Math.max(1, fitting.length)] ?? null;
};
const on = (
  values: readonly Value[],
  pick: number,
  fits: (v: Value) => boolean,
  f: (v: Value) => Value,
): Value | null => {
  const found = one(values, pick, fits);
  return found && f(found);
};
const pairOf = (
  values: readonly Value[],
  pick: number,
  fits: (a: Value, b: Value) => boolean,
  f: (a: Value, b: Value) => Value,
): Value | null => {
  const pairs = values.flatMap((a) => values.filter((b) => fits(a, b)).map((b) => [a, b] as const));
  const found = pairs[pick % Math.max(1, pairs.length)];
  return found ? f(found[0], found[1]) : null;
};

/** Names of the primitives that programs draw from. */
export const drawnPrimitives = Object.keys(moves) as PrimitiveName[];
