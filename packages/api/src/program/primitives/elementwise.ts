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

const unary = (meaning: string, allowed: readonly DType[] = ["float32"]): Unary => ({
  meaning,
  operands: ["x"],
  attrs: {},
  infer([x], _attrs, place) {
    expectDType(place, x!, allowed);
    return x!;
  },
  call: (x) => [[x]],
});

const binary = (
  meaning: string,
  result?: DType,
  allowed: readonly DType[] = ["float32", "int32"],
): Binary => ({
  meaning,
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
  add: binary("a + b"),
  sub: binary("a - b"),
  mul: binary("a * b"),
  div: binary("a / b", undefined, ["float32"]),
  pow: binary("a to the b; NaN for a negative a and a b that is not whole", undefined, ["float32"]),
  min: binary("the smaller of a and b; NaN if either is"),
  max: binary("the larger of a and b; NaN if either is"),
  less: binary("a < b", "bool"),
  equal: binary("a == b", "bool"),
  and: binary("a and b", "bool", ["bool"]),
  not: unary("the opposite of x", ["bool"]),
  select: {
    meaning:
      "a where the condition holds, b elsewhere; exact, so what is not chosen never matters, NaN included",
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
  neg: unary("-x"),
  exp: unary("e to the x"),
  log: unary("natural logarithm"),
  sqrt: unary("square root"),
  abs: unary("absolute value"),
  floor: unary("the largest whole number that is not above x"),
  sin: unary("sine of x in radians"),
  cos: unary("cosine of x in radians"),
  tanh: unary("hyperbolic tangent"),
  sigmoid: unary("1 / (1 + e^-x)"),
  cast: {
    meaning: "x as another dtype: bool to 0 or 1, float to integer by truncation, number to bool by x != 0",
    operands: ["x"],
    attrs: { dtype: "dtype" },
    infer: ([x], attrs) => ({ dtype: attrs["dtype"] as DType, shape: x!.shape }),
    call: <V>(x: V, dtype: DType): Call<V> => [[x], { dtype }],
  },
} satisfies Readonly<Record<string, PrimitiveRecord>>;
