import { type Activation, activate } from "../../layers/activations.js";
import { logSoftmax as logSoftmaxOf, softmax as softmaxOf } from "../../layers/softmax.js";
import type { Block, Value } from "../../program/builder.js";
import { shown } from "../../contract/shown.js";
import type { DType } from "../../contract/tensor.js";
import { assertTensor, type Tensor } from "../graph.js";
import { refuse } from "../refuse.js";
import { axisOf, broadcastStatic } from "../static-shapes.js";
import { dtypeOf, type TypeName } from "./dtypes.js";
import { assertDType, one } from "./operation.js";
import { asTensors, type TensorLike } from "./sources.js";

const floats: readonly DType[] = ["float32"];
const numbers: readonly DType[] = ["float32", "int32"];

const binary =
  (type: string, append: (b: Block, x: Value, y: Value) => Value, allowed: readonly DType[] = numbers) =>
  (x: TensorLike, y: TensorLike): Tensor => {
    const [p, q] = asTensors(x, y);
    assertDType(type, [p, q], allowed);
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
export const divide = binary("RealDiv", (b, x, y) => b.div(x, y), floats);
/** The larger of two: `tf.maximum`. @throws UNROLL_SHAPE */
export const maximum = binary("Maximum", (b, x, y) => b.max(x, y));
/** The smaller of two: `tf.minimum`. @throws UNROLL_SHAPE */
export const minimum = binary("Minimum", (b, x, y) => b.min(x, y));

const unary =
  (type: string, append: (b: Block, x: Value) => Value) =>
  (x: Tensor): Tensor => {
    assertTensor(type, x);
    assertDType(type, [x], floats);
    return one(type, [x], "float32", x.shape, (b, [v]) => append(b, v!));
  };

const activation = (type: string, name: Activation): ((x: Tensor) => Tensor) =>
  unary(type, (b, x) => activate(b, name, x));

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
export function identity(x: Tensor): Tensor {
  assertTensor("Identity", x);
  return one("Identity", [x], x.dtype, x.shape, (_b, [v]) => v!);
}

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

/** Over the last axis, which is the only one. @throws UNROLL_UNSUPPORTED for another */
const overLast = (type: string, append: (b: Block, x: Value) => Value) => {
  const over = unary(type, append);
  return (x: Tensor, axis = -1): Tensor => {
    assertTensor(type, x);
    if (axis !== -1 && axisOf(type, axis, x.shape.length) !== x.shape.length - 1)
      refuse(
        `${type} axis`,
        "the last",
        shown(axis),
        "transpose() moves an axis there",
        "UNROLL_UNSUPPORTED",
      );
    return over(x);
  };
};

/** Shares of 1 along the last axis: `tf.nn.softmax`. @throws UNROLL_UNSUPPORTED for another axis */
export const softmax = overLast("Softmax", softmaxOf);
/** Their logarithms: `tf.nn.log_softmax`. @throws UNROLL_UNSUPPORTED for another axis */
export const logSoftmax = overLast("LogSoftmax", logSoftmaxOf);

/** As another dtype: `tf.cast`. @throws UNROLL_DTYPE */
export function cast(x: Tensor, dtype: TypeName): Tensor {
  assertTensor("cast", x);
  const to = dtypeOf("cast", dtype);
  return one("Cast", [x], to, x.shape, (b, [v]) => (to === x.dtype ? v! : b.cast(v!, to)));
}

/**
 * From one tensor where a condition holds, elsewhere from the other: `tf.where`. A condition of one axis
 * chooses rows, as TensorFlow 1 has it; otherwise shapes stretch to each other.
 *
 * @throws UNROLL_SHAPE, UNROLL_DTYPE
 */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  assertTensor("where", condition);
  assertDType("where condition", [condition], ["bool"]);
  const [p, q] = asTensors(x, y);
  assertDType("where", [p, q], [...numbers, "bool"]);
  const chosen = broadcastStatic("where", p.shape, q.shape);
  const rows = condition.shape.length === 1 && chosen.length > 1 ? chosen.length - 1 : 0;
  const over = [...condition.shape, ...new Array<number>(rows).fill(1)];
  const made = broadcastStatic("where", over, chosen);
  return one("Select", [condition, p, q], p.dtype, made, (b, [c, v, w]) => {
    let mask = c!;
    for (let axis = 1; axis <= rows; axis++) mask = b.expandDims(mask, axis);
    return b.select(mask, v!, w!);
  });
}
