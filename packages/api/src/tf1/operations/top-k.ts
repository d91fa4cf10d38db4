import type { Block, Value } from "../../program/builder.js";
import { reshaped } from "../../layers/reshaped.js";
import { assertTensor, type Tensor } from "../graph.js";
import { sizeGiven } from "../options.js";
import { lastSize, refuseShape, shownShape } from "../static-shapes.js";
import { assertDType, operation, sizesOf } from "./operation.js";

/**
 * The largest along the last axis of a value of known sizes, in order, and where they are, int32; the first
 * of equals first, infinite ones among them. What is no number comes after all numbers.
 */
export function largest(b: Block, x: Value, count: number): [values: Value, indices: Value] {
  const axis = sizesOf(x).length - 1;
  const lowest = b.constant(-Infinity);
  const places = reshaped(
    b,
    b.iota(x, axis),
    sizesOf(x).map((size, k) => (k === axis ? size : 1)),
  );
  const values: Value[] = [];
  const indices: Value[] = [];
  // An engine's argmax does not say where it looks among what is no number.
  const isNumber = b.equal(x, x);
  let [open, free]: [Value, Value | null] = [isNumber, null];
  for (let turn = 0; turn < count; turn++) {
    const rest = b.select(open, x, lowest);
    // -Infinity may be a value as well as what is taken: of those that are as large, one that is still there.
    const best = b.and(open, b.equal(rest, b.reduceMax(rest, [axis])));
    const rank = b.cast(best, "float32");
    const where = b.argmax(free ? b.add(rank, b.cast(free, "float32")) : rank, axis);
    const here = b.equal(places, where);
    values.push(b.reduceMax(b.select(here, x, lowest), [axis]));
    indices.push(where);
    const others = b.not(here);
    free = free ? b.and(free, others) : others;
    open = b.and(open, others);
  }
  return [b.concat(values, axis), b.concat(indices, axis)];
}

/**
 * The largest along the last axis, in order, and where they are: `tf.nn.top_k`. The first of equals comes
 * first.
 *
 * @param x float32 [..., n]
 * @param k how many, at most n. Default 1
 * @returns values [..., k], and indices, int32 [..., k]
 * @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT
 */
export function topK(x: Tensor, k = 1): [values: Tensor, indices: Tensor] {
  const place = "topK";
  assertTensor(place, x);
  assertDType(place, [x], ["float32"]);
  const size = lastSize(place, x);
  if (sizeGiven(`${place} k`, k) > size)
    refuseShape(`${place} k`, `at most ${size}`, `${k} of ${shownShape(x.shape)}`, "there are no more");
  const shape = [...x.shape.slice(0, -1), k];
  const parts = { inputs: [x], build: (b: Block, [value]: readonly Value[]) => largest(b, value!, k) };
  return operation("TopKV2", parts, [
    { dtype: "float32", shape },
    { dtype: "int32", shape },
  ]) as [Tensor, Tensor];
}
