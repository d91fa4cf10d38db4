import { unrollError } from "../../contract/error.js";
import type { DType } from "../../contract/tensor.js";
import { activate, type Activation } from "../../layers/activations.js";
import type { Block, Value } from "../../program/builder.js";
import type { Operation, Sized } from "./operation.js";
import {
  floorDivision,
  truncatedQuotient,
  wholeDivision,
  wholePower,
  wholeTruncatedQuotient,
} from "./remainders.js";
import { stretched } from "./reshaping.js";
import { broadcastShape } from "./sizes.js";

const order: readonly DType[] = ["bool", "int32", "float32"];

/** The dtype that operands come to: floats over whole numbers over flags. */
export const promoted = (...operands: readonly Pick<Sized, "dtype">[]): DType =>
  order[operands.reduce((most, { dtype }) => Math.max(most, order.indexOf(dtype)), 0)]!;

/** A value as a dtype. */
export const as = (b: Block, x: Value, dtype: DType): Value =>
  x.type.dtype === dtype ? x : b.cast(x, dtype);

/** One value of a float. */
const num = (b: Block, value: number): Value => b.constant(value);

/** Whole numbers have formulas of their own: as floats those from 2^24 on would not be exact. */
const isWhole = (x: Value): boolean => x.type.dtype === "int32";

/** Operations of two operands, after both have come to one dtype. */
const binaries = {
  add: (b, x, y) => b.add(x, y),
  sub: (b, x, y) => b.sub(x, y),
  mul: (b, x, y) => b.mul(x, y),
  div: (b, x, y) => b.div(as(b, x, "float32"), as(b, y, "float32")),
  pow: (b, x, y) => (isWhole(x) ? wholePower(b, x, y) : b.pow(x, y)),
  floorDivide: (b, x, y) => (isWhole(x) ? wholeDivision : floorDivision)(b, x, y).quotient,
  truncDivide: (b, x, y) => (isWhole(x) ? wholeTruncatedQuotient : truncatedQuotient)(b, x, y),
  remainder: (b, x, y) => (isWhole(x) ? wholeDivision : floorDivision)(b, x, y).rest,
  maximum: (b, x, y) => b.max(x, y),
  minimum: (b, x, y) => b.min(x, y),
  eq: (b, x, y) => b.equal(x, y),
  ne: (b, x, y) => b.not(b.equal(x, y)),
  lt: (b, x, y) => b.less(x, y),
  gt: (b, x, y) => b.less(y, x),
  // Not the opposite of the other, which would hold for what is not a number.
  le: (b, x, y) => either(b, b.less(x, y), b.equal(x, y)),
  ge: (b, x, y) => either(b, b.less(y, x), b.equal(x, y)),
  logicalAnd: (b, x, y) => b.and(as(b, x, "bool"), as(b, y, "bool")),
  logicalOr: (b, x, y) => either(b, as(b, x, "bool"), as(b, y, "bool")),
  logicalXor: (b, x, y) => {
    const [one, other] = [as(b, x, "bool"), as(b, y, "bool")];
    return b.and(either(b, one, other), b.not(b.and(one, other)));
  },
} satisfies Record<string, (b: Block, x: Value, y: Value) => Value>;

const either = (b: Block, x: Value, y: Value): Value => b.not(b.and(b.not(x), b.not(y)));

/** Name of an operation of two operands. */
export type Binary = keyof typeof binaries;

const compared: ReadonlySet<Binary> = new Set(["eq", "ne", "lt", "gt", "le", "ge"]);
const logical: ReadonlySet<Binary> = new Set(["logicalAnd", "logicalOr", "logicalXor"]);
/** What two tensors of flags have too, some of it as flags. */
const ofFlags: ReadonlySet<Binary> = new Set(["add", "mul", "div", "maximum", "minimum"]);

/** An operation of two operands that broadcast. @throws UNROLL_SHAPE, UNROLL_DTYPE */
export function binary(name: Binary, x: Sized, y: Sized): Operation {
  broadcastShape(name, x.shape, y.shape);
  const common = promoted(x, y);
  const flags = common === "bool" && !compared.has(name) && !logical.has(name);
  if ((flags && !ofFlags.has(name)) || (name === "sub" && (x.dtype === "bool" || y.dtype === "bool")))
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: name,
      expected: "numbers",
      got: flags ? "two tensors of flags" : "a tensor of flags",
      cure: "make numbers of them by int() or float(); logicalNot() is the opposite of flags",
    });
  // Flags add as "or" and multiply as "and"; the engine compares and divides numbers.
  const dtype = common === "bool" && !logical.has(name) ? "int32" : common;
  const build = binaries[name];
  return {
    name,
    key: name,
    build(b, [one, other]) {
      const result = build(b, as(b, one!, dtype), as(b, other!, dtype));
      return flags && name !== "div" ? as(b, result, "bool") : result;
    },
  };
}

/** The nearest whole number, of two as near the even one. */
function round(b: Block, x: Value): Value {
  const size = b.abs(x);
  const low = b.floor(size);
  const over = b.sub(size, low);
  const half = b.mul(low, num(b, 0.5));
  const odd = b.not(b.equal(half, b.floor(half)));
  const up = either(b, b.less(num(b, 0.5), over), b.and(b.equal(over, num(b, 0.5)), odd));
  const near = b.select(up, b.add(low, num(b, 1)), low);
  // What is whole stays, so that zero and what is infinite keep their sign.
  return b.select(b.equal(size, low), x, b.select(b.less(x, num(b, 0)), b.neg(near), near));
}

const sign = (b: Block, x: Value): Value =>
  b.sub(as(b, b.less(num(b, 0), x), "float32"), as(b, b.less(x, num(b, 0)), "float32"));

/** Functions of each element, of floats. */
const unaries = {
  neg: (b, x) => b.neg(x),
  exp: (b, x) => b.exp(x),
  log: (b, x) => b.log(x),
  log2: (b, x) => b.mul(b.log(x), num(b, Math.LOG2E)),
  log10: (b, x) => b.mul(b.log(x), num(b, Math.LOG10E)),
  sqrt: (b, x) => b.sqrt(x),
  rsqrt: (b, x) => b.div(num(b, 1), b.sqrt(x)),
  reciprocal: (b, x) => b.div(num(b, 1), x),
  square: (b, x) => b.mul(x, x),
  abs: (b, x) => b.abs(x),
  sign,
  floor: (b, x) => b.floor(x),
  ceil: (b, x) => b.neg(b.floor(b.neg(x))),
  trunc: (b, x) => b.select(b.less(x, num(b, 0)), b.neg(b.floor(b.neg(x))), b.floor(x)),
  round,
  sin: (b, x) => b.sin(x),
  cos: (b, x) => b.cos(x),
  isnan: (b, x) => b.not(b.equal(x, x)),
  isinf: (b, x) => b.equal(b.abs(x), num(b, Infinity)),
  isfinite: (b, x) => b.less(b.abs(x), num(b, Infinity)),
  silu: (b, x) => b.mul(x, b.sigmoid(x)),
  mish: (b, x) => b.mul(x, b.tanh(activate(b, "softplus", x))),
  logsigmoid: (b, x) => b.neg(activate(b, "softplus", b.neg(x))),
  relu6: (b, x) => b.min(b.max(x, num(b, 0)), num(b, 6)),
  hardswish: (b, x) => b.mul(x, activate(b, "hardSigmoidSixth", x)),
  tanhshrink: (b, x) => b.sub(x, b.tanh(x)),
  tanh: activation("tanh"),
  sigmoid: activation("sigmoid"),
  relu: activation("relu"),
  hardsigmoid: activation("hardSigmoidSixth"),
  softsign: activation("softsign"),
  softplus: activation("softplus"),
} satisfies Record<string, (b: Block, x: Value) => Value>;

function activation(name: Activation): (b: Block, x: Value) => Value {
  return (b, x) => activate(b, name, x);
}

/** Name of a function of each element. */
export type Unary = keyof typeof unaries;

const int = (b: Block, value: number): Value => b.constant(value, [], "int32");
const same = (_: Block, x: Value): Value => x;

/** Functions that leave whole numbers whole, of these. */
const wholes: Readonly<Partial<Record<Unary, (b: Block, x: Value) => Value>>> = {
  neg: (b, x) => b.sub(int(b, 0), x),
  square: (b, x) => b.mul(x, x),
  abs: (b, x) => b.max(x, b.sub(int(b, 0), x)),
  sign: (b, x) => b.sub(as(b, b.less(int(b, 0), x), "int32"), as(b, b.less(x, int(b, 0)), "int32")),
  floor: same,
  ceil: same,
  trunc: same,
  round: same,
  relu: (b, x) => b.max(x, int(b, 0)),
  relu6: (b, x) => b.min(b.max(x, int(b, 0)), int(b, 6)),
};

/** A function of each element; of whole numbers it gives floats, unless it leaves them whole. */
export function unary(name: Unary, x: Sized): Operation {
  const build: (b: Block, x: Value) => Value = unaries[name];
  const ofWhole = wholes[name];
  const flags = x.dtype === "bool" && ofWhole !== undefined;
  if (flags && name !== "square" && name !== "sign")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: name,
      expected: "numbers",
      got: "a tensor of flags",
      cure: "make numbers of them by int() or float(); logicalNot() is the opposite of flags",
    });
  return {
    name,
    key: name,
    build(b, [value]) {
      if (flags) return name === "sign" ? value! : as(b, value!, "int32");
      return x.dtype === "int32" && ofWhole ? ofWhole(b, value!) : build(b, as(b, value!, "float32"));
    },
    ...(ofWhole === same && x.dtype === "int32" && { alias: x.shape }),
  };
}

/** The opposite of each flag. */
export const logicalNot: Operation = {
  name: "logicalNot",
  key: "logicalNot",
  build: (b, [x]) => b.not(as(b, x!, "bool")),
};

/** x as another dtype. */
export const cast = (x: Sized, dtype: DType): Operation => ({
  name: "to",
  key: `to ${dtype}`,
  build: (b, [value]) => as(b, value!, dtype),
  ...(x.dtype === dtype && { alias: x.shape }),
});

/** The one where a condition holds, the other elsewhere. @throws UNROLL_SHAPE, UNROLL_DTYPE */
export function where(condition: Sized, x: Sized, y: Sized): Operation {
  broadcastShape("where", condition.shape, broadcastShape("where", x.shape, y.shape));
  if (condition.dtype !== "bool")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: "where",
      expected: "a condition of bool",
      got: condition.dtype,
      cure: "compare first, e.g. x.ne(0)",
    });
  const dtype = promoted(x, y);
  const work = dtype === "bool" ? "int32" : dtype;
  return {
    name: "where",
    key: "where",
    build: (b, [flags, one, other]) => as(b, b.select(flags!, as(b, one!, work), as(b, other!, work)), dtype),
  };
}

/** Each element held within bounds; either may be left open. */
export const clamp = (x: Sized, low: boolean, high: boolean): Operation => ({
  name: "clamp",
  key: `clamp ${low} ${high}`,
  build(b, [value, ...bounds]) {
    const least = low ? bounds[0]! : null;
    const most = high ? bounds.at(-1)! : null;
    const dtype = promoted(value!.type, ...bounds.map(({ type }) => type));
    const lifted = least ? b.max(as(b, value!, dtype), as(b, least, dtype)) : as(b, value!, dtype);
    return most ? b.min(lifted, as(b, most, dtype)) : lifted;
  },
  ...(!low && !high && { alias: x.shape }),
});

/** What has a parameter, given as the second operand. */
const parametric = {
  leakyRelu: (b, x, slope) => b.select(b.less(num(b, 0), x), x, b.mul(x, slope)),
  elu: (b, x, alpha) =>
    b.select(b.less(num(b, 0), x), x, b.mul(alpha, b.sub(b.exp(b.min(x, num(b, 0))), num(b, 1)))),
  celu: (b, x, alpha) =>
    b.select(
      b.less(num(b, 0), x),
      x,
      b.mul(alpha, b.sub(b.exp(b.div(b.min(x, num(b, 0)), alpha)), num(b, 1))),
    ),
} satisfies Record<string, (b: Block, x: Value, parameter: Value) => Value>;

/** Name of a function of each element that has a parameter. */
export type Parametric = keyof typeof parametric;

/** A function of each element with one parameter. */
export const parametricUnary = (name: Parametric): Operation => ({
  name,
  key: name,
  build: (b, [x, parameter]) => parametric[name](b, as(b, x!, "float32"), as(b, parameter!, "float32")),
});

/** The same number everywhere, of the shape of x. */
export const filledLike = (x: Sized): Operation => ({
  name: "fullLike",
  key: `fullLike ${x.shape.join()}`,
  build: (b, [value]) => stretched(b, value!, x.shape),
});
