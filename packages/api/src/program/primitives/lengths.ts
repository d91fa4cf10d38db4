import type { Attrs } from "../../contract/program.js";
import { addDims, divideDim, multiplyDims } from "../dim-arithmetic.js";
import {
  alongAxis,
  axisOf,
  type Call,
  expectDType,
  type PrimitiveRecord,
  refuseShape,
  same,
  show,
  withAxis,
} from "./primitive.js";

const axesFrom = (attrs: Attrs): readonly number[] =>
  Array.from({ length: attrs["count"] as number }, (_, k) => (attrs["axis"] as number) + k);

/** Operations that move elements into axes of other lengths: what joins, parts, pads and thins them out. */
export const lengths = {
  /** Operands one after the other along `axis`. */
  concat: {
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
  /** Along `axis` every `step`-th element, from number `low` on, without the last `high`. */
  stride: {
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
  /** `low` elements of `value` before and `high` after those along `axis`. */
  pad: {
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
  /** `count` axes from `axis` on as one, the last of them running fastest. */
  mergeAxes: {
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
  /**
   * Axis `axis` of x parted into the `count` axes of `like` from `axis` on; the values of `like` are not
   * read.
   */
  splitAxis: {
    operands: ["x", "like"],
    attrs: { axis: "axis", count: "size" },
    shapeOnly: [1],
    alias: true,
    along: alongAxis,
    infer([x, like], attrs, place) {
      const axis = axisOf(place, attrs, "axis", x!.shape.length);
      const count = attrs["count"] as number;
      const parts = like!.shape.slice(axis, axis + count);
      if (parts.length !== count || multiplyDims(...parts) !== x!.shape[axis])
        refuseShape(
          place,
          `${count} axes from axis ${axis} of ${show(like!)} on that together are axis ${axis}`,
          show(x!),
          "they must be as long as what mergeAxes would make of them",
        );
      return { dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), ...parts, ...x!.shape.slice(axis + 1)] };
    },
    call: <V>(x: V, like: V, axis: number, count: number): Call<V> => [[x, like], { axis, count }],
  },
} satisfies Readonly<Record<string, PrimitiveRecord>>;
