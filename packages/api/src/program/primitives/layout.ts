import { boundedSize, limits } from "../../contract/limits.js";
import type { DType } from "../../contract/tensor.js";
import {
  alongAxis,
  axisOf,
  broadcast,
  type Call,
  type PrimitiveRecord,
  refuseShape,
  show,
  withAxis,
} from "./primitive.js";

/** Operations that move elements, and leave axes as long as they are or drop them. */
export const layout = {
  /** A literal: `value` holds the elements row-major, `shape` and `dtype` say what they are. */
  constant: {
    operands: [],
    attrs: { dtype: "dtype", shape: "sizes", value: "numbers" },
    infer(_operands, attrs, place) {
      const shape = attrs["shape"] as readonly number[];
      const value = attrs["value"] as readonly number[];
      const size = boundedSize(shape, limits.constants);
      if (value.length !== size)
        refuseShape(
          place,
          size < 0 ? `at most ${limits.constants} values` : `${size} values for shape [${shape.join(", ")}]`,
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
  /** A new axis of length 1 at `axis`. */
  expandDims: {
    operands: ["x"],
    attrs: { axis: "axis" },
    alias: true,
    infer([x], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length + 1);
      return { dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), 1, ...x!.shape.slice(axis)] };
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  /** Drops `axis`, which must have length 1. */
  squeeze: {
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
  /** Axes in the order `perm`. */
  transpose: {
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
  /** Elements along `axis` in the opposite order. */
  reverse: {
    operands: ["x"],
    attrs: { axis: "axis" },
    along: alongAxis,
    infer([x], attrs, place) {
      axisOf(place, attrs, "axis", x!.shape.length);
      return x!;
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  /** `length` elements along `axis` from `start`; a negative start counts from the end. */
  slice: {
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
  /** 0, 1, 2, ... as int32, as many as axis `axis` of x is long; x gives only its length. */
  iota: {
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
  /** x broadcast to the shape of `like`; the values of `like` are not read. */
  expand: {
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
