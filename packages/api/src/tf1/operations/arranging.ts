import { shown } from "../../contract/shown.js";
import { sizeOf } from "../../contract/tensor.js";
import { reshaped } from "../../layers/reshaped.js";
import { assertTensor, type Tensor } from "../graph.js";
import { axisOf, refuseShape, shownShape } from "../static-shapes.js";
import { one, sizesOf } from "./operation.js";
import { assertSizes, knownSizes, resolved, type SizeLike, sizeTensors } from "./sizes.js";

/** Elements in order under another shape, in which one size may be -1: `tf.reshape`. @throws UNROLL_SHAPE */
export function reshape(x: Tensor, sizes: readonly SizeLike[]): Tensor {
  assertTensor("reshape", x);
  assertSizes("reshape", sizes, true);
  const known = knownSizes(sizes);
  const open = known.indexOf(-1);
  const bad = (given: readonly (number | null)[]): never =>
    refuseShape(
      "reshape",
      `sizes that hold ${shownShape(x.shape)}`,
      shownShape(given),
      "at most one may be -1",
    );
  if (known.lastIndexOf(-1) !== open) bad(known);
  const all = [...x.shape, ...known].every((size) => size !== null);
  const whole = (from: readonly number[], to: readonly number[]): number[] => {
    const rest = to.reduce((size, dim) => (dim === -1 ? size : size * dim), 1);
    const full = to.map((dim) => (dim === -1 ? sizeOf(from) / rest : dim));
    return sizeOf(full) === sizeOf(from) && full.every(Number.isInteger) ? full : bad(to);
  };
  const made = all
    ? whole(x.shape as readonly number[], known as readonly number[])
    : known.map((size) => (size === -1 ? null : size));
  return one("Reshape", [x, ...sizeTensors(sizes)], x.dtype, made, (b, [value, ...others]) =>
    reshaped(b, value!, whole(sizesOf(value!), resolved(sizes, others))),
  );
}

/** Axes in another order, the opposite one by default: `tf.transpose`. @throws UNROLL_SHAPE */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  assertTensor("transpose", x);
  const rank = x.shape.length;
  const order = perm ?? Array.from({ length: rank }, (_, k) => rank - 1 - k);
  const axes = Array.from({ length: rank }, (_, k) => k);
  if (!Array.isArray(order) || order.length !== rank || axes.some((axis) => !order.includes(axis)))
    refuseShape("transpose", `each of ${rank} axes once`, shown(order), "e.g. [1, 0, 2]");
  return one(
    "Transpose",
    [x],
    x.dtype,
    order.map((axis) => x.shape[axis]!),
    (b, [v]) => b.transpose(v!, [...order]),
  );
}

/** A new axis of length 1: `tf.expand_dims`. @throws UNROLL_SHAPE */
export function expandDims(x: Tensor, axis: number): Tensor {
  assertTensor("expandDims", x);
  const at = axisOf("expandDims", axis, x.shape.length + 1);
  const made = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  return one("ExpandDims", [x], x.dtype, made, (b, [v]) => b.expandDims(v!, at));
}

/** Drops axes of length 1, all that are or those named: `tf.squeeze`. @throws UNROLL_SHAPE */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  assertTensor("squeeze", x);
  if (axes === undefined && x.shape.includes(null))
    refuseShape("squeeze", "axes", `none, of ${shownShape(x.shape)}`, "say which, as a run chooses sizes");
  const named = axes ?? x.shape.flatMap((size, k) => (size === 1 ? [k] : []));
  const list = Array.isArray(named) ? (named as readonly number[]) : [named];
  const at = new Set(list.map((axis) => axisOf("squeeze", axis, x.shape.length)));
  for (const axis of at)
    if (x.shape[axis] !== 1 && x.shape[axis] !== null)
      refuseShape("squeeze", `length 1 at axis ${axis}`, shownShape(x.shape), "slice picks one place");
  const made = x.shape.filter((_, k) => !at.has(k));
  return one("Squeeze", [x], x.dtype, made, (b, [v]) =>
    [...at].sort((p, q) => q - p).reduce((value, axis) => b.squeeze(value, axis), v!),
  );
}
