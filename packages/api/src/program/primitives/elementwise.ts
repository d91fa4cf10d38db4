import type { DType } from "../../contract/tensor.js";
import {
  broadcast,
  type Call,
  expectDType,
  type Primitive,
  type PrimitiveRecord,
  same,
} from "./primitive.js";

type Unary = Primitive & { call<V>(x: V): Call<V> };
type Binary = Primitive & { call<V>(a: V, b: V): Call<V> };

const unary = (allowed: readonly DType[] = ["float32"]): Unary => ({
  operands: ["x"],
  attrs: {},
  infer([x], _attrs, place) {
    expectDType(place, x!, allowed);
    return x!;
  },
  call: (x) => [[x]],
});

const binary = (result?: DType, allowed: readonly DType[] = ["float32", "int32"]): Binary => ({
  operands: ["a", "b"],
  attrs: {},
  infer([a, b], _attrs, place) {
    expectDType(place, a!, allowed);
    same(place, a!, b!);
    return { dtype: result ?? a!.dtype, shape: broadcast(place, a!.shape, b!.shape) };
  },
  call: (a, b) => [[a, b]],
});

/** Operations on each element by itself. They broadcast as NumPy does. */
export const elementwise = {
  /** `a + b` */
  add: binary(),
  /** `a - b` */
  sub: binary(),
  /** `a * b` */
  mul: binary(),
  /** `a / b` */
  div: binary(undefined, ["float32"]),
  /** a to the b; NaN for a negative a and a b that is not whole. */
  pow: binary(undefined, ["float32"]),
  /** The smaller of a and b; NaN if either is. */
  min: binary(),
  /** The larger of a and b; NaN if either is. */
  max: binary(),
  /** `a < b` */
  less: binary("bool"),
  /** `a == b` */
  equal: binary("bool"),
  /** a and b. */
  and: binary("bool", ["bool"]),
  /** The opposite of x. */
  not: unary(["bool"]),
  /** `a` where the condition holds, b elsewhere; exact, so what is not chosen never matters, NaN included. */
  select: {
    operands: ["condition", "a", "b"],
    attrs: {},
    infer([condition, a, b], _attrs, place) {
      expectDType(place, condition!, ["bool"]);
      same(place, a!, b!);
      const shape = broadcast(place, condition!.shape, broadcast(place, a!.shape, b!.shape));
      return { dtype: a!.dtype, shape };
    },
    call: <V>(condition: V, a: V, b: V): Call<V> => [[condition, a, b]],
  },
  /** `-x` */
  neg: unary(),
  /** `e to the x` */
  exp: unary(),
  /** Natural logarithm. */
  log: unary(),
  /** Square root. */
  sqrt: unary(),
  /** Absolute value. */
  abs: unary(),
  /** `The largest whole number that is not above x` */
  floor: unary(),
  /** Sine of x in radians. */
  sin: unary(),
  /** Cosine of x in radians. */
  cos: unary(),
  /** Hyperbolic tangent. */
  tanh: unary(),
  /** 1 / (1 + e^-x). */
  sigmoid: unary(),
  /** x as another dtype: bool to 0 or 1, float to integer by truncation, number to bool by x != 0. */
  cast: {
    operands: ["x"],
    attrs: { dtype: "dtype" },
    infer: ([x], attrs) => ({ dtype: attrs["dtype"] as DType, shape: x!.shape }),
    call: <V>(x: V, dtype: DType): Call<V> => [[x], { dtype }],
  },
} satisfies Readonly<Record<string, PrimitiveRecord>>;
