import { erf, F, type Tensor, where } from "@unroll/api/torch";
import type { NodeCall, Operator, Operators } from "./node-call.js";
import { valuesOf } from "./tensors.js";

const unary = (of: (x: Tensor) => Tensor): Operator => ({ run: (call) => of(call.input(0)) });
const binary = (of: (x: Tensor, y: Tensor, call: NodeCall) => Tensor): Operator => ({
  run: (call) => of(call.input(0), call.input(1), call),
});
const folded = (of: (x: Tensor, y: Tensor) => Tensor): Operator => ({
  run: (call) => call.all().reduce((sum, one) => of(sum, one)),
});

/** A bound of Clip, an attribute in older operator sets. */
function bound(call: NodeCall, k: number, name: string): Tensor | number | undefined {
  if (call.has(k)) return call.input(k);
  return call.node.attributes.has(name) ? call.float(name, 0) : undefined;
}

/** x to the power of y; products where y is 2 or 3, as ONNX Runtime has them. */
function power(x: Tensor, y: Tensor): Tensor {
  const values = valuesOf(y);
  const whole = values?.length === 1 && y.shape.length <= x.shape.length ? values[0] : undefined;
  if (whole === 2) return x.square();
  if (whole === 3) return x.square().mul(x);
  return x.pow(y).typeAs(x);
}

/** Operators that take each element by itself. */
export const elementwise = (): Operators => ({
  Identity: unary((x) => x),
  Abs: unary((x) => x.abs()),
  Neg: unary((x) => x.neg()),
  Exp: unary((x) => x.exp()),
  Log: unary((x) => x.log()),
  Sqrt: unary((x) => x.sqrt()),
  Reciprocal: unary((x) => x.reciprocal()),
  Floor: unary((x) => x.floor()),
  Ceil: unary((x) => x.ceil()),
  Round: unary((x) => x.round()),
  Sign: unary((x) => x.sign()),
  Sin: unary((x) => x.sin()),
  Cos: unary((x) => x.cos()),
  Tanh: unary((x) => x.tanh()),
  Sigmoid: unary((x) => x.sigmoid()),
  Erf: unary((x) => erf(x)),
  Relu: unary((x) => x.relu()),
  Softplus: unary((x) => F.softplus(x)),
  Softsign: unary((x) => F.softsign(x)),
  HardSwish: unary((x) => F.hardswish(x)),
  Mish: unary((x) => F.mish(x)),
  Not: unary((x) => x.logicalNot()),
  IsNaN: unary((x) => x.isnan()),
  IsInf: { only: { detect_negative: 1, detect_positive: 1 }, run: (call) => call.input(0).isinf() },
  Elu: { attributes: ["alpha"], run: (call) => F.elu(call.input(0), call.float("alpha", 1)) },
  Celu: { attributes: ["alpha"], run: (call) => F.celu(call.input(0), call.float("alpha", 1)) },
  Selu: {
    attributes: ["alpha", "gamma"],
    run: (call) =>
      F.elu(call.input(0), call.float("alpha", 1.6732631921768188)).mul(
        call.float("gamma", 1.0507010221481323),
      ),
  },
  LeakyRelu: { attributes: ["alpha"], run: (call) => F.leakyRelu(call.input(0), call.float("alpha", 0.01)) },
  ThresholdedRelu: {
    attributes: ["alpha"],
    run: (call) => where(call.input(0).gt(call.float("alpha", 1)), call.input(0), 0),
  },
  HardSigmoid: {
    attributes: ["alpha", "beta"],
    run: (call) => call.input(0).mul(call.float("alpha", 0.2)).add(call.float("beta", 0.5)).clamp(0, 1),
  },
  Gelu: {
    attributes: ["approximate"],
    run: (call) => F.gelu(call.input(0), { approximate: call.text("approximate", "none") as "none" }),
  },
  PRelu: binary((x, slope) => where(x.lt(0), x.mul(slope), x)),
  Clip: {
    attributes: ["min", "max"],
    run: (call) => call.input(0).clamp(bound(call, 1, "min"), bound(call, 2, "max")),
  },
  Add: binary((x, y) => x.add(y)),
  Sub: binary((x, y) => x.sub(y)),
  Mul: binary((x, y) => x.mul(y)),
  // Whole numbers are divided towards zero.
  Div: binary((x, y) => (x.dtype === "float32" ? x.div(y) : x.div(y, { roundingMode: "trunc" }))),
  Pow: binary(power),
  Mod: {
    only: { fmod: 0 },
    run: (call) =>
      call.input(0).dtype === "float32"
        ? call.refuse("whole numbers", "floats", "export it with whole numbers")
        : call.input(0).remainder(call.input(1)),
  },
  Sum: folded((x, y) => x.add(y)),
  Max: folded((x, y) => x.maximum(y)),
  Min: folded((x, y) => x.minimum(y)),
  Mean: {
    run: (call) =>
      call
        .all()
        .reduce((sum, one) => sum.add(one))
        .div(call.inputs.length),
  },
  Equal: binary((x, y) => x.eq(y)),
  Less: binary((x, y) => x.lt(y)),
  Greater: binary((x, y) => x.gt(y)),
  LessOrEqual: binary((x, y) => x.le(y)),
  GreaterOrEqual: binary((x, y) => x.ge(y)),
  And: binary((x, y) => x.logicalAnd(y)),
  Or: binary((x, y) => x.logicalOr(y)),
  Xor: binary((x, y) => x.logicalXor(y)),
  Where: { run: (call) => where(call.input(0), call.input(1), call.input(2)) },
});
