import type { Attrs, Dim, ValueType } from "../../contract/program.js";
import type { DType } from "../../contract/tensor.js";
import { addDims, divideDim, multiplyDims } from "../dims.js";
import {
  axisOf,
  broadcast,
  type Call,
  expectDType,
  type PrimitiveRecord,
  refuseShape,
  same,
  show,
  withAxis,
} from "./primitive.js";

const alongAxis = (operands: readonly ValueType[], attrs: Attrs): readonly (readonly number[])[] =>
  operands.map(() => [attrs["axis"] as number]);

/** Operations that move elements and compute nothing but sums of what meets in one place. */
export const layout = {
  constant: {
    meaning: "a literal: `value` holds the elements row-major, `shape` and `dtype` say what they are",
    operands: [],
    attrs: { dtype: "dtype", shape: "sizes", value: "numbers" },
    infer(_operands, attrs, place) {
      const shape = attrs["shape"] as readonly number[];
      const value = attrs["value"] as readonly number[];
      const size = shape.reduce((a, b) => a * b, 1);
      if (value.length !== size)
        refuseShape(
          place,
          `${size} values for shape [${shape.join(", ")}]`,
          `${value.length}`,
          "a constant is not broadcast",
        );
      return { dtype: attrs["dtype"] as DType, shape };
    },
    call: <V>(
      value: number | readonly number[],
      shape: readonly number[] = [],
      dtype: DType = "float32",
    ): Call<V> => [[], { dtype, shape, value: typeof value === "number" ? [value] : value }],
  },
  expandDims: {
    meaning: "a new axis of length 1 at `axis`",
    operands: ["x"],
    attrs: { axis: "axis" },
    alias: true,
    infer([x], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length + 1);
      return { dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), 1, ...x!.shape.slice(axis)] };
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  squeeze: {
    meaning: "drops `axis`, which must have length 1",
    operands: ["x"],
    attrs: { axis: "axis" },
    alias: true,
    infer([x], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      if (x!.shape[axis] !== 1)
        refuseShape(place, `length 1 at axis ${axis}`, show(x!), "use slice to pick one element first");
      return { dtype: x!.dtype, shape: x!.shape.filter((_, k) => k !== axis) };
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  mergeAxes: {
    meaning: "`count` axes from `axis` on as one, the last of them running fastest",
    operands: ["x"],
    attrs: { axis: "axis", count: "size" },
    alias: true,
    along: (_operands, attrs) => [axesFrom(attrs)],
    infer([x], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const count = attrs["count"] as number;
      if (axis + count > x!.shape.length)
        refuseShape(place, `${count} axes from axis ${axis} on`, show(x!), "count axes from the front");
      const merged = multiplyDims(...x!.shape.slice(axis, axis + count));
      return {
        dtype: x!.dtype,
        shape: [...x!.shape.slice(0, axis), merged, ...x!.shape.slice(axis + count)],
      };
    },
    call: <V>(x: V, axis: number, count: number): Call<V> => [[x], { axis, count }],
  },
  splitAxis: {
    meaning:
      "axis `axis` of x parted into the `count` axes of `like` from `axis` on; the values of `like` are not read",
    operands: ["x", "like"],
    attrs: { axis: "axis", count: "size" },
    shapeOnly: [1],
    alias: true,
    along: alongAxis,
    infer([x, like], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const parts = like!.shape.slice(axis, axis + (attrs["count"] as number));
      if (parts.length !== attrs["count"] || multiplyDims(...parts) !== x!.shape[axis])
        refuseShape(
          place,
          `${String(attrs["count"])} axes from axis ${axis} of ${show(like!)} on that together are axis ${axis}`,
          show(x!),
          "they must be as long as what mergeAxes would make of them",
        );
      return { dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), ...parts, ...x!.shape.slice(axis + 1)] };
    },
    call: <V>(x: V, like: V, axis: number, count: number): Call<V> => [[x, like], { axis, count }],
  },
  transpose: {
    meaning: "axes in the order `perm`",
    operands: ["x"],
    attrs: { perm: "permutation" },
    infer([x], attrs, place) {
      const perm = attrs["perm"] as readonly number[];
      const sorted = [...perm].sort((a, b) => a - b);
      if (perm.length !== x!.shape.length || sorted.some((axis, k) => axis !== k))
        refuseShape(
          place,
          `perm to name each of ${x!.shape.length} axes once`,
          `[${perm.join(", ")}]`,
          "e.g. [1, 0, 2] swaps batch and time",
        );
      return { dtype: x!.dtype, shape: perm.map((axis) => x!.shape[axis]!) };
    },
    call: <V>(x: V, perm: readonly number[]): Call<V> => [[x], { perm }],
  },
  reverse: {
    meaning: "elements along `axis` in the opposite order",
    operands: ["x"],
    attrs: { axis: "axis" },
    along: alongAxis,
    infer([x], attrs, place) {
      axisOf(place, attrs, "axis", x!.shape.length);
      return x!;
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  slice: {
    meaning: "`length` elements along `axis` from `start`; a negative start counts from the end",
    operands: ["x"],
    attrs: { axis: "axis", start: "whole", length: "whole" },
    along: alongAxis,
    infer([x], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const [start, length, dim] = [attrs["start"] as number, attrs["length"] as number, x!.shape[axis]!];
      const inside = (size: number): boolean =>
        start >= 0 ? start + length <= size : -start <= size && length <= -start;
      const fits = length >= 1 && (typeof dim === "string" ? start >= 0 || -start >= length : inside(dim));
      if (!fits)
        refuseShape(
          place,
          `a slice inside axis ${axis} of ${show(x!)}`,
          `start ${start}, length ${length}`,
          "mind that a negative start counts from the end",
        );
      return { dtype: x!.dtype, shape: withAxis(x!.shape, axis, length) };
    },
    call: <V>(x: V, axis: number, start: number, length: number): Call<V> => [[x], { axis, start, length }],
  },
  stride: {
    meaning: "along `axis` every `step`-th element, from number `low` on, without the last `high`",
    operands: ["x"],
    attrs: { axis: "axis", low: "count", high: "count", step: "size" },
    along: alongAxis,
    infer([x], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const [low, high, step] = [attrs["low"] as number, attrs["high"] as number, attrs["step"] as number];
      const dim = addDims(divideDim(addDims(x!.shape[axis]!, -low - high - 1), step), 1);
      if (typeof dim === "number" && dim < 1)
        refuseShape(
          place,
          `more than ${low + high} elements along axis ${axis}`,
          show(x!),
          "at least one element stays",
        );
      return { dtype: x!.dtype, shape: withAxis(x!.shape, axis, dim) };
    },
    call: <V>(x: V, axis: number, low: number, high: number, step = 1): Call<V> => [
      [x],
      { axis, low, high, step },
    ],
  },
  pad: {
    meaning: "`low` elements of `value` before and `high` after those along `axis`",
    operands: ["x"],
    attrs: { axis: "axis", low: "count", high: "count", value: "number" },
    along: alongAxis,
    infer([x], attrs, place) {
      expectDType(place, x!, ["float32"]);
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const dim = addDims(x!.shape[axis]!, attrs["low"] as number, attrs["high"] as number);
      return { dtype: x!.dtype, shape: withAxis(x!.shape, axis, dim) };
    },
    call: <V>(x: V, axis: number, low: number, high: number, value = 0): Call<V> => [
      [x],
      { axis, low, high, value },
    ],
  },
  concat: {
    meaning: "operands one after the other along `axis`",
    operands: ["x..."],
    attrs: { axis: "axis" },
    along: alongAxis,
    infer(xs, attrs, place) {
      const first = xs[0]!;
      const axis = axisOf(place, attrs, "axis", first.shape.length);
      const fits = xs.every(
        ({ shape }) =>
          shape.length === first.shape.length && shape.every((d, k) => k === axis || d === first.shape[k]),
      );
      xs.forEach((x) => same(place, first, x));
      if (!fits)
        refuseShape(
          place,
          `shapes equal but for axis ${axis}`,
          xs.map(show).join(" and "),
          "broadcast or transpose them first",
        );
      return {
        dtype: first.dtype,
        shape: withAxis(first.shape, axis, addDims(...xs.map((x) => x.shape[axis]!))),
      };
    },
    call: <V>(xs: readonly V[], axis: number): Call<V> => [xs, { axis }],
  },
  gather: {
    meaning: "rows of `table` (its first axis) at `indices`; an index outside is undefined, so callers check",
    operands: ["table", "indices"],
    attrs: {},
    along: () => [[0], []],
    infer([table, indices], _attrs, place) {
      expectDType(place, indices!, ["int32"]);
      return { dtype: table!.dtype, shape: [...indices!.shape, ...table!.shape.slice(1)] };
    },
    call: <V>(table: V, indices: V): Call<V> => [[table, indices]],
  },
  scatterAdd: {
    meaning:
      "zeros of the shape of `like`, each row of `updates` added to the row (first axis) at its index: what gather is the " +
      "transpose of; the values of `like` are not read, an index outside is undefined",
    operands: ["updates", "indices", "like"],
    attrs: {},
    shapeOnly: [2],
    along: ([, indices]) => {
      const all = indices!.shape.map((_, k) => k);
      return [all, all, [0]];
    },
    infer([updates, indices, like], _attrs, place) {
      expectDType(place, updates!, ["float32"]);
      expectDType(place, indices!, ["int32"]);
      const wanted: readonly Dim[] = [...indices!.shape, ...like!.shape.slice(1)];
      if (updates!.shape.length !== wanted.length || updates!.shape.some((dim, k) => dim !== wanted[k]))
        refuseShape(
          place,
          `updates [${wanted.join(", ")}], a row for each index`,
          show(updates!),
          "the axes after those of the indices are a row's",
        );
      return { dtype: "float32", shape: like!.shape };
    },
    call: <V>(updates: V, indices: V, like: V): Call<V> => [[updates, indices, like]],
  },
  iota: {
    meaning: "0, 1, 2, ... as int32, as many as axis `axis` of x is long; x gives only its length",
    operands: ["x"],
    attrs: { axis: "axis" },
    shapeOnly: [0],
    along: alongAxis,
    infer: ([x], attrs, place) => ({
      dtype: "int32",
      shape: [x!.shape[axisOf(place, attrs, "axis", x!.shape.length)]!],
    }),
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  expand: {
    meaning: "x broadcast to the shape of `like`; the values of `like` are not read",
    operands: ["x", "like"],
    attrs: {},
    shapeOnly: [1],
    infer([x, like], _attrs, place) {
      const shape = broadcast(place, x!.shape, like!.shape);
      if (shape.length !== like!.shape.length || shape.some((dim, k) => dim !== like!.shape[k]))
        refuseShape(
          place,
          `a shape that stretches to ${show(like!)}`,
          show(x!),
          "only axes of length 1 stretch",
        );
      return { dtype: x!.dtype, shape: like!.shape };
    },
    call: <V>(x: V, like: V): Call<V> => [[x, like]],
  },
} satisfies Readonly<Record<string, PrimitiveRecord>>;

const axesFrom = (attrs: Attrs): readonly number[] =>
  Array.from({ length: attrs["count"] as number }, (_, k) => (attrs["axis"] as number) + k);
