import type { Block, Value } from "../program/builder.js";
import type { DType } from "../contract/tensor.js";
import { checkedNumber } from "./numbers.js";

/** A loss: what it costs that a prediction is not its target, as operations that any engine runs. */
export interface Loss {
  /** For error texts. */
  readonly name: string;
  /** What targets are: numbers of the prediction's shape, or an id for each of its rows. */
  readonly target: DType & ("float32" | "int32");
  /**
   * Appends the loss of each row.
   *
   * @param prediction [..., features]
   * @param target [..., features], or ids [...]
   * @returns [...], the loss of each row of features
   */
  append(b: Block, prediction: Value, target: Value): Value;
}

/** How far Keras keeps probabilities from 0 and 1. */
const EPSILON = 1e-7;

const last = (value: Value): number => value.type.shape.length - 1;

/** The sum over features, [..., features] to [...]. */
const summed = (b: Block, value: Value): Value => b.squeeze(b.sum(value, last(value)), last(value));

/** The mean over features. */
const meant = (b: Block, value: Value): Value =>
  b.mul(summed(b, value), b.constant(1 / (value.type.shape[last(value)] as number)));

const within = (b: Block, value: Value, low: number, high: number): Value =>
  b.min(b.max(value, b.constant(low)), b.constant(high));

/** log(1 + e^x). What is taken off first cancels: its derivative is right at 0, and nothing overflows. */
function softplus(b: Block, x: Value): Value {
  const top = b.max(x, b.constant(0));
  return b.add(top, b.log(b.add(b.exp(b.sub(x, top)), b.exp(b.neg(top)))));
}

/** Logarithms of the softmax along features. */
export function logSoftmax(b: Block, logits: Value): Value {
  const axis = last(logits);
  const moved = b.sub(logits, b.reduceMax(logits, axis));
  return b.sub(moved, b.log(b.sum(b.exp(moved), axis)));
}

/** Ids [...] as vectors [..., classes] that are 1 at their place. */
function oneHot(b: Block, ids: Value, classes: number): Value {
  const places = b.constant(
    Array.from({ length: classes }, (_, k) => k),
    [classes],
    "int32",
  );
  return b.cast(b.equal(b.expandDims(ids, ids.type.shape.length), places), "float32");
}

/** The number at each row's id. */
const picked = (b: Block, values: Value, ids: Value): Value =>
  summed(b, b.mul(values, oneHot(b, ids, values.type.shape[last(values)] as number)));

/** Logarithms of probabilities that are made to sum to 1 and kept from 0, as Keras does. */
const logOf = (b: Block, p: Value): Value =>
  b.log(within(b, b.div(p, b.sum(p, last(p))), EPSILON, 1 - EPSILON));

const floats = (name: string, append: Loss["append"]): Loss => ({ name, target: "float32", append });
const ids = (name: string, append: Loss["append"]): Loss => ({ name, target: "int32", append });

/** The mean of (prediction - target)² over features. */
export const meanSquaredError = (): Loss =>
  floats("meanSquaredError", (b, x, y) => {
    const d = b.sub(x, y);
    return meant(b, b.mul(d, d));
  });

/** The mean of |prediction - target| over features. */
export const meanAbsoluteError = (): Loss =>
  floats("meanAbsoluteError", (b, x, y) => meant(b, b.abs(b.sub(x, y))));

/**
 * The mean over features of d² / 2 where |d| is at most delta, else delta (|d| - delta / 2).
 *
 * @throws UNROLL_ARGUMENT for a delta that is no number above 0
 */
export const huber = (delta = 1): Loss => {
  checkedNumber("huber", "delta", delta);
  return floats("huber", (b, x, y) => {
    const d = b.sub(x, y);
    const size = b.abs(d);
    const near = b.mul(b.mul(d, d), b.constant(0.5));
    const far = b.mul(b.sub(size, b.constant(delta / 2)), b.constant(delta));
    return meant(b, b.select(b.less(b.constant(delta), size), far, near));
  });
};

/** The mean over features of -(y log p + (1 - y) log(1 - p)); from logits with p their sigmoid. */
export const binaryCrossEntropy = (fromLogits = false): Loss =>
  floats("binaryCrossEntropy", (b, x, y) => {
    if (fromLogits) return meant(b, b.sub(softplus(b, x), b.mul(x, y)));
    const p = within(b, x, EPSILON, 1 - EPSILON);
    const one = b.constant(1);
    const no = b.mul(b.sub(one, y), b.log(b.sub(one, p)));
    return meant(b, b.neg(b.add(b.mul(y, b.log(p)), no)));
  });

/** -Σ y log p over classes; from logits with p their softmax. */
export const categoricalCrossEntropy = (fromLogits = false): Loss =>
  floats("categoricalCrossEntropy", (b, x, y) =>
    b.neg(summed(b, b.mul(y, fromLogits ? logSoftmax(b, x) : logOf(b, x)))),
  );

/** -log p of the class that the target is the id of; from logits with p their softmax. */
export const sparseCategoricalCrossEntropy = (fromLogits = false): Loss =>
  ids("sparseCategoricalCrossEntropy", (b, x, y) =>
    b.neg(picked(b, fromLogits ? logSoftmax(b, x) : logOf(b, x), y)),
  );

/** Minus the prediction, a logarithm, of the class that the target is the id of. */
export const negativeLogLikelihood = (): Loss =>
  ids("negativeLogLikelihood", (b, x, y) => b.neg(picked(b, x, y)));

/** Σ y log(y / p) over classes, both kept at 1e-7 or above, as Keras does. */
export const klDivergence = (): Loss =>
  floats("klDivergence", (b, x, y) => {
    const [p, q] = [within(b, x, EPSILON, 1), within(b, y, EPSILON, 1)];
    return summed(b, b.mul(q, b.log(b.div(q, p))));
  });
