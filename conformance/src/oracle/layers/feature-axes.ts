import type {
  OneHotSpec,
  PadSpec,
  PermuteSpec,
  ReduceSpec,
  ReshapeSpec,
  SliceSpec,
  StackSpec,
  TileSpec,
} from "@unroll/api";
import { type Context, type Equations, gathered, largest, sizeOf, summed, type Value } from "./context.js";

/** Where the element at some coordinates lies, row-major. */
const placeOf = (at: readonly number[], shape: readonly number[]): number =>
  at.reduce((place, coordinate, axis) => place * shape[axis]! + coordinate, 0);

/** Coordinates of every element of a shape in order. */
const coordinatesOf = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, size) => all.flatMap((at) => Array.from({ length: size }, (_, k) => [...at, k])),
    [[]],
  );

const withSize = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((own, k) => (k === axis ? size : own));

/** A value whose element at some coordinates is one of another's, as `from` says; exact. */
function moved<V>(
  { m }: Context<V>,
  value: Value<V>,
  shape: readonly number[],
  from: (at: readonly number[]) => readonly number[],
): Value<V> {
  const places = coordinatesOf(shape).map((at) => placeOf(from(at), value.shape));
  return {
    axis: value.axis,
    shape,
    rows: value.rows.map((steps) => steps.map((v) => gathered(m, v, places))),
  };
}

/** The same with other coordinates along one axis alone. */
const along = <V>(
  context: Context<V>,
  value: Value<V>,
  axis: number,
  size: number,
  from: (k: number) => number,
): Value<V> =>
  moved(context, value, withSize(value.shape, axis, size), (at) =>
    at.map((k, own) => (own === axis ? from(k) : k)),
  );

/** Rule `reshape`. */
export const reshape: Equations<ReshapeSpec> = ({ name, input, shape }, context) => [
  [name, { ...context.value(input), shape }],
];

/** Rule `permute`. */
export const permute: Equations<PermuteSpec> = ({ name, input, order }, context) => {
  const value = context.value(input);
  const shape = order.map((axis) => value.shape[axis]!);
  const from = (at: readonly number[]): number[] => value.shape.map((_, axis) => at[order.indexOf(axis)]!);
  return [[name, moved(context, value, shape, from)]];
};

/** Rule `slice`. */
export const slice: Equations<SliceSpec> = ({ name, input, axis, start, length, step }, context) => [
  [name, along(context, context.value(input), axis, length, (k) => start + k * step)],
];

/** Rule `tile`. */
export const tile: Equations<TileSpec> = ({ name, input, axis, times, order }, context) => {
  const value = context.value(input);
  const size = value.shape[axis]!;
  const from = (k: number): number => (order === "blocks" ? k % size : Math.floor(k / times));
  return [[name, along(context, value, axis, size * times, from)]];
};

/** Rule `pad`: what is outside is an element after all others. */
export const pad: Equations<PadSpec> = ({ name, input, axis, before, after, value: filling }, context) => {
  const { m } = context;
  const { shape: old, rows, axis: time } = context.value(input);
  const size = old[axis]!;
  const shape = withSize(old, axis, before + size + after);
  const places = coordinatesOf(shape).map((at) => {
    const k = at[axis]! - before;
    return k < 0 || k >= size ? sizeOf(old) : placeOf(withSize(at, axis, k), old);
  });
  const outside = m.constant(filling, 1);
  const padded = rows.map((steps) => steps.map((v) => gathered(m, m.concat([v, outside]), places)));
  return [[name, { axis: time, shape, rows: padded }]];
};

/** Rule `stack`. */
export const stack: Equations<StackSpec> = ({ name, inputs, axis }, context) => {
  const { m } = context;
  const values = inputs.map(context.value);
  const { axis: time, shape: one, rows } = values[0]!;
  const shape = [...one.slice(0, axis), inputs.length, ...one.slice(axis)];
  const places = coordinatesOf(shape).map(
    (at) => at[axis]! * sizeOf(one) + placeOf([...at.slice(0, axis), ...at.slice(axis + 1)], one),
  );
  const stacked = rows.map((steps, row) =>
    steps.map((_, t) => gathered(m, m.concat(values.map((value) => value.rows[row]![t]!)), places)),
  );
  return [[name, { axis: time, shape, rows: stacked }]];
};

/** Rule `reduce`. */
export const reduce: Equations<ReduceSpec> = ({ name, input, axis, mode }, context) => {
  const { m } = context;
  const { axis: time, shape: old, rows } = context.value(input);
  const size = old[axis]!;
  const shape = [...old.slice(0, axis), ...old.slice(axis + 1)];
  const places = coordinatesOf(shape).map((at) =>
    Array.from({ length: size }, (_, k) => placeOf([...at.slice(0, axis), k, ...at.slice(axis)], old)),
  );
  const reduced = rows.map((steps) =>
    steps.map((v) => {
      if (mode === "max")
        return largest(
          m,
          Array.from({ length: size }, (_, k) =>
            gathered(
              m,
              v,
              places.map((own) => own[k]!),
            ),
          ),
        );
      const sums = m.concat(places.map((own) => summed(m, gathered(m, v, own), size)));
      return mode === "mean" ? m.divide(sums, size) : sums;
    }),
  );
  return [[name, { axis: time, shape, rows: reduced }]];
};

/** Rule `one-hot`. */
export const oneHot: Equations<OneHotSpec> = ({ name, input, depth }, context) => {
  const { m } = context;
  const ids = context.ids(input).data;
  const { axis, shape, rows } = context.value(input);
  const size = sizeOf(shape);
  const vector = (row: number, t: number, time: number): ReturnType<typeof m.concat> =>
    m.concat(
      Array.from({ length: size * depth }, (_, k) =>
        m.constant(ids[(row * time + t) * size + Math.floor(k / depth)] === k % depth ? 1 : 0, 1),
      ),
    );
  const vectors = rows.map((steps, row) => steps.map((_, t) => vector(row, t, steps.length)));
  return [[name, { axis, shape: [...shape, depth], rows: vectors }]];
};
