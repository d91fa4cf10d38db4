import type { Block, Value } from "../program/builder.js";

/**
 * Composite `softmax` along the last axis: e^(x - max) / sum of the same; subtracting the largest avoids
 * overflow.
 */
export function softmax(block: Block, x: Value): Value {
  const axis = x.type.shape.length - 1;
  return block.composite("softmax", { x }, {}, (b, v) => {
    const e = b.exp(b.sub(v["x"]!, b.reduceMax(v["x"]!, axis)));
    return { y: b.div(e, b.sum(e, axis)) };
  }).y;
}

/** Composite `logSoftmax` along the last axis: x - max - log of the sum of e^(x - max). */
export function logSoftmax(block: Block, x: Value): Value {
  const axis = x.type.shape.length - 1;
  return block.composite("logSoftmax", { x }, {}, (b, v) => {
    const shifted = b.sub(v["x"]!, b.reduceMax(v["x"]!, axis));
    return { y: b.sub(shifted, b.log(b.sum(b.exp(shifted), axis))) };
  }).y;
}
