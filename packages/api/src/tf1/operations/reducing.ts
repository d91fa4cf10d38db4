import type { Block, Value } from "../../program/builder.js";
import { assertTensor, type Tensor } from "../graph.js";
import { assertFlags, optionsOf } from "../options.js";
import { axisOf } from "../static-shapes.js";
import { squeeze } from "./arranging.js";
import { assertDType, one, sizesOf } from "./operation.js";

/** Options of what brings an axis together. */
export interface ReduceOptions {
  /** Whether axes stay, of length 1. Default false. */
  readonly keepDims?: boolean;
}

const reduction =
  (type: string, append: (b: Block, x: Value, axes: readonly number[]) => Value) =>
  (x: Tensor, axis?: number | readonly number[] | null, options: ReduceOptions = {}): Tensor => {
    assertTensor(type, x);
    assertDType(type, [x], ["float32"]);
    const { keepDims } = optionsOf(type, options, ["keepDims"]);
    assertFlags(type, { keepDims });
    const given = axis ?? x.shape.map((_, k) => k);
    const list = Array.isArray(given) ? (given as readonly number[]) : [given];
    const axes = [...new Set(list.map((at) => axisOf(type, at, x.shape.length)))].sort((p, q) => p - q);
    const stays = x.shape.map((size, k) => (axes.includes(k) ? 1 : size));
    const made = one(type, [x], "float32", stays, (b, [v]) => append(b, v!, axes));
    return keepDims || axes.length === 0 ? made : squeeze(made, axes);
  };

/** The sum along axes, all by default: `tf.reduce_sum`. @throws UNROLL_SHAPE */
export const reduceSum = reduction("Sum", (b, x, axes) => b.sum(x, axes));
/** The largest along axes, all by default: `tf.reduce_max`. @throws UNROLL_SHAPE */
export const reduceMax = reduction("Max", (b, x, axes) => b.reduceMax(x, axes));
/** The mean along axes, all by default: `tf.reduce_mean`. @throws UNROLL_SHAPE */
export const reduceMean = reduction("Mean", (b, x, axes) => {
  const count = axes.reduce((size, axis) => size * sizesOf(x)[axis]!, 1);
  return b.div(b.sum(x, axes), b.constant(count));
});

/** Where the largest along an axis is: `tf.argmax`, of int32. @throws UNROLL_SHAPE */
export function argmax(x: Tensor, axis = 0): Tensor {
  assertTensor("argmax", x);
  assertDType("argmax", [x], ["float32"]);
  const at = axisOf("argmax", axis, x.shape.length);
  const made = x.shape.filter((_, k) => k !== at);
  return one("ArgMax", [x], "int32", made, (b, [v]) => b.squeeze(b.argmax(v!, at), at));
}
