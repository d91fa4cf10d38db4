import { type Activation, activate } from "../../layers/activations.js";
import { logSoftmax as logSoftmaxOf, softmax as softmaxOf } from "../../layers/softmax.js";
import type { Block, Value } from "../../program/builder.js";
import { assertTensor, type Tensor } from "../graph.js";
import { broadcastStatic } from "../static-shapes.js";
import { dtypeOf, type TypeName } from "./dtypes.js";
import { one } from "./operation.js";
import { asTensor, type TensorLike } from "./sources.js";

const binary =
  (type: string, append: (b: Block, x: Value, y: Value) => Value) =>
  (x: TensorLike, y: TensorLike): Tensor => {
    const [p, q] = [asTensor(x), asTensor(y)];
    const made = broadcastStatic(type, p.shape, q.shape);
    return one(type, [p, q], p.dtype, made, (b, [v, w]) => append(b, v!, w!));
  };

/** The sum: Python's `x + y`, `tf.add`. @throws UNROLL_SHAPE */
export const add = binary("Add", (b, x, y) => b.add(x, y));
/** The difference: Python's `x - y`, `tf.subtract`. @throws UNROLL_SHAPE */
export const subtract = binary("Sub", (b, x, y) => b.sub(x, y));
/** The product of elements: Python's `x * y`, `tf.multiply`. @throws UNROLL_SHAPE */
export const multiply = binary("Mul", (b, x, y) => b.mul(x, y));
/** The quotient of elements: Python's `x / y`, `tf.divide`. @throws UNROLL_SHAPE */
export const divide = binary("RealDiv", (b, x, y) => b.div(x, y));
/** The larger of two: `tf.maximum`. @throws UNROLL_SHAPE */
export const maximum = binary("Maximum", (b, x, y) => b.max(x, y));
/** The smaller of two: `tf.minimum`. @throws UNROLL_SHAPE */
export const minimum = binary("Minimum", (b, x, y) => b.min(x, y));

/** `tf.nn.bias_add`. @throws UNROLL_SHAPE */
export const biasAdd = binary("BiasAdd", (b, x, y) => b.add(x, y));

const activation =
  (type: string, name: Activation) =>
  (x: Tensor): Tensor => {
    assertTensor(type, x);
    return one(type, [x], "float32", x.shape, (b, [v]) => activate(b, name, v!));
  };

/** `tf.tanh`. */
export const tanh = activation("Tanh", "tanh");
/** `tf.sigmoid`. */
export const sigmoid = activation("Sigmoid", "sigmoid");
/** `tf.nn.relu`. */
export const relu = activation("Relu", "relu");
/** `tf.nn.elu`. */
export const elu = activation("Elu", "elu");
/** `tf.nn.softplus`. */
export const softplus = activation("Softplus", "softplus");
/** `tf.nn.softsign`. */
export const softsign = activation("Softsign", "softsign");
/** The tensor itself: `tf.identity`. */
export const identity = activation("Identity", "linear");

const unary =
  (type: string, append: (b: Block, x: Value) => Value) =>
  (x: Tensor): Tensor => {
    assertTensor(type, x);
    return one(type, [x], "float32", x.shape, (b, [v]) => append(b, v!));
  };

/** e to the power of each element: `tf.exp`. */
export const exp = unary("Exp", (b, x) => b.exp(x));
/** Natural logarithm: `tf.log`. */
export const log = unary("Log", (b, x) => b.log(x));
/** `tf.sqrt`. */
export const sqrt = unary("Sqrt", (b, x) => b.sqrt(x));
/** `tf.abs`. */
export const abs = unary("Abs", (b, x) => b.abs(x));
/** -1, 0 or 1: `tf.sign`, with which old scripts find lengths. */
export const sign = unary("Sign", (b, x) => {
  const [zero, unit] = [b.constant(0), b.constant(1)];
  return b.sub(b.select(b.less(zero, x), unit, zero), b.select(b.less(x, zero), unit, zero));
});

/** Shares of 1 along the last axis: `tf.nn.softmax`. */
export const softmax = unary("Softmax", softmaxOf);
/** Their logarithms: `tf.nn.log_softmax`. */
export const logSoftmax = unary("LogSoftmax", logSoftmaxOf);

/** As another dtype: `tf.cast`. @throws UNROLL_DTYPE */
export function cast(x: Tensor, dtype: TypeName): Tensor {
  assertTensor("cast", x);
  const to = dtypeOf("cast", dtype);
  return one("Cast", [x], to, x.shape, (b, [v]) => (to === x.dtype ? v! : b.cast(v!, to)));
}

/** From one tensor where a condition holds, elsewhere from the other: `tf.where`. @throws UNROLL_SHAPE */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  assertTensor("where", condition);
  const [p, q] = [asTensor(x), asTensor(y)];
  const made = broadcastStatic("where", condition.shape, broadcastStatic("where", p.shape, q.shape));
  return one("Select", [condition, p, q], p.dtype, made, (b, [c, v, w]) => b.select(c!, v!, w!));
}
