import {
  axisOf,
  broadcast,
  type Call,
  expectDType,
  type Primitive,
  type PrimitiveRecord,
  refuseShape,
  same,
  show,
} from "./primitive.js";

type Reduction = Primitive & { call<V>(x: V, axes: number | readonly number[]): Call<V> };

const reduction: Reduction = {
  operands: ["x"],
  attrs: { axes: "axes" },
  along: (_operands, attrs) => [attrs["axes"] as readonly number[]],
  infer([x], attrs, place) {
    expectDType(place, x!, ["float32"]);
    const axes = attrs["axes"] as readonly number[];
    axes.forEach((axis) => axisOf(place, { axis }, "axis", x!.shape.length));
    return { dtype: "float32", shape: x!.shape.map((dim, k) => (axes.includes(k) ? 1 : dim)) };
  },
  call: (x, axes) => [[x], { axes: typeof axes === "number" ? [axes] : [...axes].sort((a, b) => a - b) }],
};

/** Operations that bring elements of an axis together. */
export const reductions = {
  /** Matrix product over the last two axes; leading axes broadcast. */
  matmul: {
    operands: ["a", "b"],
    attrs: {},
    along: ([a, b]) => [[a!.shape.length - 1], [b!.shape.length - 2]],
    infer([a, b], _attrs, place) {
      expectDType(place, a!, ["float32"]);
      same(place, a!, b!);
      const [rankA, rankB] = [a!.shape.length, b!.shape.length];
      if (rankA < 2 || rankB < 2 || a!.shape[rankA - 1] !== b!.shape[rankB - 2])
        refuseShape(
          place,
          "[..., m, k] and [..., k, n]",
          `${show(a!)} and ${show(b!)}`,
          "the inner axes must agree",
        );
      const lead = broadcast(place, a!.shape.slice(0, -2), b!.shape.slice(0, -2));
      return { dtype: "float32", shape: [...lead, a!.shape[rankA - 2]!, b!.shape[rankB - 1]!] };
    },
    call: <V>(a: V, b: V): Call<V> => [[a, b]],
  },
  /** Sum along `axes`, which stay with length 1. */
  sum: reduction,
  /** Largest along `axes`, which stay with length 1; NaN if any is. */
  reduceMax: reduction,
} satisfies Readonly<Record<string, PrimitiveRecord>>;
