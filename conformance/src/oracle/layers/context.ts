import type { Arithmetic } from "../arithmetic.js";

/** A value of the spec: for each row, one vector, or one a step where it is a sequence. */
export interface Value<V> {
  /** Name of its time axis; null for none. */
  readonly axis: string | null;
  /** Axes of one vector. */
  readonly shape: readonly number[];
  readonly rows: readonly (readonly V[])[];
  /**
   * Of ids that a layer decides on: how much better each is than the next best, [1]. An engine whose rounding
   * is as large may decide otherwise.
   */
  readonly margins?: readonly (readonly V[])[];
}

/** State of one row by part. */
export type RowState<V> = Readonly<Record<string, V>>;

/** What the equations of a layer see of the run around it. */
export interface Context<V> {
  readonly m: Arithmetic<V>;
  /** A value made before. */
  value(ref: string): Value<V>;
  /** Ids of an int32 value: they are no quantities, so they stay numbers. Row-major. */
  ids(ref: string): { readonly data: ArrayLike<number> };
  /** A weight by its canonical name; undefined where the layer has none of it. */
  weight(name: string): V | undefined;
  /** Whether a step of a row is real; every one is where there is no such axis. */
  real(axis: string | null, row: number, t: number): boolean;
  /** The state that the caller gives for a row, zeros where none is given. */
  given(layer: string, part: string, row: number, size: number): V;
  /** A whole number of the state that the caller gives for a row, 0 where none is given: no quantity. */
  givenCount(layer: string, part: string, row: number): number;
  /** Notes how many steps of each row are real along a time axis that a layer makes. */
  ends(axis: string, lengths: readonly number[]): void;
  /** Notes a state part after the run, one vector a row. */
  record(layer: string, part: string, shape: readonly number[], rows: readonly V[]): void;
}

/** Values that a layer makes, by reference. */
export type LayerValues<V> = readonly (readonly [ref: string, value: Value<V>])[];

/** The equations of one type of layer. */
export type Equations<Layer> = <V>(layer: Layer, context: Context<V>) => LayerValues<V>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Applies a function of the last axis to every vector along it. */
export function alongLast<V>(
  { m }: Context<V>,
  value: Value<V>,
  shape: readonly number[],
  f: (v: V) => V,
): Value<V> {
  const length = value.shape[value.shape.length - 1] ?? 1;
  const count = sizeOf(value.shape) / length;
  const whole = (v: V): V =>
    count === 1 ? f(v) : m.concat(Array.from({ length: count }, (_, k) => f(m.slice(v, k * length, length))));
  return { axis: value.axis, shape, rows: value.rows.map((steps) => steps.map(whole)) };
}

/** Elements of a vector at some places, one after the other; exact. */
export const gathered = <V>(m: Arithmetic<V>, v: V, places: readonly number[]): V =>
  m.concat(places.map((place) => m.slice(v, place, 1)));

/** The sum of a vector of so many elements. */
export const summed = <V>(m: Arithmetic<V>, v: V, size: number): V =>
  m.affine(v, m.constant(1, size), 1, undefined);

/** The largest of several vectors, element by element. */
export const largest = <V>(m: Arithmetic<V>, vectors: readonly V[]): V => vectors.reduce(m.larger);
