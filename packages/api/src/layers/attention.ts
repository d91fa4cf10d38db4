import type { Block, NamedValues, Value } from "../program/builder.js";
import type { Attrs } from "../contract/program.js";
import { softmax } from "./softmax.js";

export interface AttentionAttrs extends Attrs {
  readonly score: "dot" | "scaledDot" | "additive";
}

/**
 * Composite `attention`; semantics rule `attention`. A masked key has weight 0 exactly, so padding never
 * reaches a result, whatever it holds; a row without any real key gets zeros.
 *
 * Inputs: query [time, batch, inputSize], key [source, batch, inputSize], value [source, batch, size];
 * optionally keyMask bool [source, batch], queryMask bool [time, batch], scale [] or [inputSize], innerScale
 * []. Outputs: y [time, batch, size], weights [time, batch, source].
 */
export function attention(
  block: Block,
  query: Value,
  key: Value,
  value: Value,
  rest: NamedValues,
  attrs: AttentionAttrs,
): { y: Value; weights: Value } {
  return block.composite("attention", { query, key, value, ...rest }, attrs, (b, v) => {
    const { keyMask, queryMask } = v;
    // [batch, time, inputSize] and [batch, source, inputSize]
    const [q, k] = [v["query"]!, kept(b, v["key"]!, keyMask)].map((x) => b.transpose(x, [1, 0, 2])) as [
      Value,
      Value,
    ];
    const fit = score(b, q, k, v, attrs);
    // [batch, 1, source]
    const real = keyMask && b.expandDims(b.transpose(keyMask, [1, 0]), 1);
    const weights = real ? maskedSoftmax(b, fit, real) : softmax(b, fit);
    let y = b.matmul(weights, b.transpose(kept(b, v["value"]!, keyMask), [1, 0, 2]));
    if (queryMask) y = b.select(b.expandDims(b.transpose(queryMask, [1, 0]), 2), y, b.constant(0));
    return { y: b.transpose(y, [1, 0, 2]), weights: b.transpose(weights, [1, 0, 2]) };
  });
}

/** x [source, batch, size] with zeros where it is masked. */
const kept = (b: Block, x: Value, mask: Value | undefined): Value =>
  mask ? b.select(b.expandDims(mask, 2), x, b.constant(0)) : x;

/** [batch, time, source] */
function score(
  b: Block,
  q: Value,
  k: Value,
  { scale, innerScale }: NamedValues,
  attrs: AttentionAttrs,
): Value {
  if (attrs.score === "additive") {
    const sum = b.add(b.expandDims(q, 2), b.expandDims(k, 1));
    const terms = b.tanh(innerScale ? b.mul(sum, innerScale) : sum);
    return b.squeeze(b.sum(scale ? b.mul(terms, scale) : terms, 3), 3);
  }
  const size = q.type.shape[2] as number;
  const product = b.matmul(q, b.transpose(k, [0, 2, 1]));
  const fit = attrs.score === "dot" ? product : b.div(product, b.constant(Math.sqrt(size)));
  return scale ? b.mul(fit, scale) : fit;
}

/**
 * Softmax over what is real. Elsewhere the least of all scores stands while the largest is looked for, which
 * no constant could do at every precision. The largest real term is e^0, so the sum is at least 1 unless
 * nothing is real.
 */
function maskedSoftmax(b: Block, x: Value, real: Value): Value {
  const some = b.select(real, x, b.neg(b.reduceMax(b.neg(x), 2)));
  const e = b.select(real, b.exp(b.sub(some, b.reduceMax(some, 2))), b.constant(0));
  // Once more after the division: a NaN among what is real spoils the sum, and is no reason to look at
  // padding.
  return b.select(real, b.div(e, b.max(b.sum(e, 2), b.constant(1))), b.constant(0));
}
