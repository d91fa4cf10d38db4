import { allocate, type DType, type DTypeArray, sizeOf } from "../../contract/tensor.js";
import { reshaped } from "../../layers/reshaped.js";
import type { Block, Value } from "../../program/builder.js";
import { as } from "./elementwise.js";
import type { Operation, Sized } from "./operation.js";
import { largestOf, smallestOf } from "./reducing.js";
import { dimOf, refuseSizes, shownShape } from "./sizes.js";

/** What is taken in order along an axis: so many of the largest or smallest. */
export interface Ranking {
  readonly axis: number;
  readonly count: number;
  readonly largest: boolean;
}

/** Reads what is asked for against a shape. @throws UNROLL_SHAPE */
export function ranking(name: string, x: Sized, count: number, dim: number, largest: boolean): Ranking {
  const axis = dimOf(name, dim, x.shape.length);
  const size = x.shape[axis] ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > size)
    refuseSizes(name, `k from 1 to ${size}`, `${count}`, `dim ${dim} of ${shownShape(x.shape)}`);
  return { axis, count, largest };
}

/**
 * The largest or smallest in order, and where they are; the first of equals first. What is no number is
 * larger than every number.
 */
export function ranked(x: Sized, { axis, count, largest }: Ranking): Operation {
  return {
    name: "topk",
    key: `topk ${count} ${axis} ${largest}`,
    build(b, [value]) {
      const shape = x.shape.length === 0 ? [1] : x.shape;
      const numbers = reshaped(b, as(b, value!, x.dtype === "bool" ? "int32" : x.dtype), shape);
      const [best, at] = taken(b, numbers, { axis, count, largest });
      const own = shape.map((size, k) => (k === axis ? count : size)).slice(0, x.shape.length);
      return [reshaped(b, as(b, b.concat(best, axis), x.dtype), own), reshaped(b, b.concat(at, axis), own)];
    },
  };
}

function taken(b: Block, x: Value, { axis, count, largest }: Ranking): readonly [Value[], Value[]] {
  const whole = x.type.dtype === "int32";
  const lowest = whole ? b.constant(-(2 ** 31), [], "int32") : b.constant(-Infinity);
  const highest = whole ? b.constant(2 ** 31 - 1, [], "int32") : b.constant(Infinity);
  const [end, fold] = largest ? [lowest, largestOf] : [highest, smallestOf];
  const shape = x.type.shape as readonly number[];
  const places = reshaped(
    b,
    b.iota(x, axis),
    shape.map((size, k) => (k === axis ? size : 1)),
  );
  const isNumber = b.equal(x, x);
  const values: Value[] = [];
  const at: Value[] = [];
  let free: Value | null = null;
  for (let turn = 0; turn < count; turn++) {
    // Of the smallest, what is no number comes when nothing else is left.
    const open: Value = largest || whole ? (free ?? isNumber) : free ? b.and(free, isNumber) : isNumber;
    const rest: Value = (largest || whole) && !free ? x : b.select(open, x, end);
    const best = b.equal(rest, fold(b, rest, axis));
    const found = b.and(open, largest && !whole ? b.not(b.and(isNumber, b.not(best))) : best);
    // Of those that are left the first, where none is found.
    const score = free ? b.add(b.cast(found, "int32"), b.cast(free, "int32")) : b.cast(found, "int32");
    const where = b.argmax(b.cast(score, "float32"), axis);
    const here = b.equal(places, where);
    values.push(fold(b, b.select(here, x, end), axis));
    at.push(where);
    free = free ? b.and(free, b.not(here)) : b.not(here);
  }
  return [values, at];
}

/** The same by the host's own sort, whose work does not grow with the square of the count. */
export function rankedNow(
  data: DTypeArray[DType],
  x: Sized,
  { axis, count, largest }: Ranking,
): readonly [values: DTypeArray[DType], places: Int32Array, shape: readonly number[]] {
  const size = x.shape[axis] ?? 1;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const values = allocate(x.dtype, outer * count * inner);
  const places = new Int32Array(values.length);
  const order = new Int32Array(size);
  for (let row = 0; row < outer; row++)
    for (let column = 0; column < inner; column++) {
      const from = row * size * inner + column;
      const value = (k: number): number => data[from + k * inner]!;
      const rising = (k: number, other: number): number => {
        const [one, two] = [value(k), value(other)];
        if (one < two) return -1;
        if (one > two) return 1;
        return Number(Number.isNaN(one)) - Number(Number.isNaN(two));
      };
      for (let k = 0; k < size; k++) order[k] = k;
      order.sort((k, other) => (largest ? rising(other, k) : rising(k, other)) || k - other);
      for (let k = 0; k < count; k++) {
        const to = (row * count + k) * inner + column;
        places[to] = order[k]!;
        values[to] = value(order[k]!);
      }
    }
  return [values, places, x.shape.map((own, k) => (k === axis ? count : own))];
}
