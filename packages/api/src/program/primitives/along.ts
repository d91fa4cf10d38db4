import { alongAxis, axisOf, type Call, expectDType, type PrimitiveRecord, withAxis } from "./primitive.js";

/** Operations whose result at a place depends on where along an axis it is. */
export const along = {
  /**
   * Where along `axis`, which stays with length 1, the largest is, the first of equals; int32; undefined
   * with NaN.
   */
  argmax: {
    operands: ["x"],
    attrs: { axis: "axis" },
    along: alongAxis,
    infer([x], attrs, place) {
      expectDType(place, x!, ["float32"]);
      return { dtype: "int32", shape: withAxis(x!.shape, axisOf(place, attrs, "axis", x!.shape.length), 1) };
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
  /** The sum of all elements along `axis` up to and with each. */
  cumsum: {
    operands: ["x"],
    attrs: { axis: "axis" },
    along: alongAxis,
    infer([x], attrs, place) {
      expectDType(place, x!, ["float32"]);
      axisOf(place, attrs, "axis", x!.shape.length);
      return x!;
    },
    call: <V>(x: V, axis: number): Call<V> => [[x], { axis }],
  },
} satisfies Readonly<Record<string, PrimitiveRecord>>;
