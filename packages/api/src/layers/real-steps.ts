import type { Block, NamedValues, Value } from "../program/builder.js";

// How layers whose outputs see several steps treat steps that are not there: rows are moved together first,
// so that only what each row has is left, in order.

/** int32 [], how long an axis of x is. */
export const lengthOf = (b: Block, x: Value, axis: number): Value =>
  b.add(b.squeeze(b.slice(b.iota(x, axis), 0, -1, 1), 0), b.constant(1, [], "int32"));

/** Ones [time, 1], as many as x [time, ...] has steps. */
export const lengthOnes = (b: Block, x: Value): Value =>
  b.expandDims(b.add(b.mul(b.cast(b.iota(x, 0), "float32"), b.constant(0)), b.constant(1)), 1);

/** A value [time, batch] for one [time, batch, ...] of so many axes. */
export function stretched(b: Block, value: Value, axes: number): Value {
  let result = value;
  for (let axis = value.type.shape.length; axis < axes; axis++) result = b.expandDims(result, axis);
  return result;
}

/** Which steps of x [time, batch, ...] a row of `lengths` int32 [batch] has, bool [time, batch]. */
export const within = (b: Block, x: Value, lengths: Value): Value =>
  b.less(b.expandDims(b.iota(x, 0), 1), b.expandDims(lengths, 0));

/** x [time, batch, ...] with zeros past each row's length. */
export const cleared = (b: Block, x: Value, lengths: Value): Value =>
  b.select(stretched(b, within(b, x, lengths), x.type.shape.length), x, b.constant(0));

/** Elements of x [time, batch, ...] at steps int32 [n, batch] of each row: [n, batch, ...]. */
export function atSteps(b: Block, x: Value, steps: Value): Value {
  const rows = b.expandDims(b.iota(x, 1), 0);
  const flat = b.add(b.mul(steps, lengthOf(b, x, 1)), rows);
  return b.gather(b.mergeAxes(x, 0, 2), flat);
}

/** Batch first for time first, and the other way. */
export const swapped = (b: Block, x: Value): Value =>
  b.transpose(
    x,
    x.type.shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k)),
  );

/**
 * The last `count` real steps of x [count + time, batch, ...], the first `count` of which stood before:
 * [count, batch, ...].
 *
 * @param lengths how many of `time` each row has, int32 [batch]; undefined where all have every one
 */
export function endOf(b: Block, x: Value, count: number, lengths: Value | undefined): Value {
  if (!lengths) return b.slice(x, 0, -count, count);
  const from = Array.from({ length: count }, (_, k) => k);
  return atSteps(b, x, b.add(b.expandDims(lengths, 0), b.constant(from, [count, 1], "int32")));
}

/** x [time, batch, ...] with each row's last real element over and over past the row's length. */
export function prolonged(b: Block, x: Value, lengths: Value): Value {
  const none = b.constant(0, [], "int32");
  const last = b.max(b.sub(lengths, b.constant(1, [], "int32")), none);
  return atSteps(b, x, b.min(b.expandDims(b.iota(x, 0), 1), b.expandDims(last, 0)));
}

/** Rows whose real steps stand first. */
export interface Compacted {
  /** [time, batch, ...], zeros past each row's length. */
  readonly x: Value;
  /** int32 [batch]; absent where every step is real. */
  readonly lengths?: Value | undefined;
  /** A value [time, batch, ...] of the real steps, put back to where they are, zeros elsewhere. */
  restore(y: Value): Value;
}

/** The real steps of x [time, batch, ...] moved to the front of their rows, in order. */
export function compacted(b: Block, x: Value, { lengths, mask }: NamedValues): Compacted {
  if (lengths) return { x: cleared(b, x, lengths), lengths, restore: (y) => cleared(b, y, lengths) };
  if (!mask) return { x, restore: (y) => y };
  const axes = x.type.shape.length;
  const one = b.cast(mask, "float32");
  const rank = b.cast(b.sub(b.cumsum(one, 0), b.constant(1)), "int32");
  const nothing = b.constant(0, [], "int32");
  // Steps that are not real go to a step after the last, which is cut off.
  const goes = b.select(mask, rank, lengthOf(b, x, 0));
  const flat = b.add(b.mul(goes, lengthOf(b, x, 1)), b.expandDims(b.iota(x, 1), 0));
  const like = b.pad(x, 0, 0, 1);
  const real = b.select(stretched(b, mask, axes), x, b.constant(0));
  const moved = b.splitAxis(b.scatterAdd(real, flat, b.mergeAxes(like, 0, 2)), like, 0, 2);
  return {
    x: b.stride(moved, 0, 0, 1),
    lengths: b.cast(b.squeeze(b.sum(one, 0), 0), "int32"),
    restore: (y) =>
      b.select(
        stretched(b, mask, y.type.shape.length),
        atSteps(b, y, b.select(mask, rank, nothing)),
        b.constant(0),
      ),
  };
}
