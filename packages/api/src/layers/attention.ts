import type { Block, NamedValues, Value } from "../program/builder.js";
import type { Attrs } from "../contract/program.js";
import type { LayerDefinition, Wiring } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { maskOf } from "./recurrence.js";
import { softmax } from "./softmax.js";
import { STEPS, type ValueInfo } from "./value-info.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A sequence [batch, time, inputSize], or one vector a row [batch, inputSize]. */
  query: { kind: "value" },
  /** A sequence along the axis of `key`, [batch, source, size]: what the mean is taken of. */
  value: { kind: "value" },
  /** A sequence [batch, source, inputSize]. Default: the value. */
  key: { kind: "value", default: ({ value }: { value?: unknown }) => value },
  /** Size of query and key. */
  inputSize: { kind: "count" },
  /**
   * How well a key fits: `dot` q·k (Luong; the default), `scaledDot` q·k / sqrt(inputSize), `additive` the
   * sum of tanh(q + k) (Bahdanau).
   */
  score: { kind: "oneOf", of: ["dot", "scaledDot", "additive"], default: "dot" },
  /**
   * What the score is multiplied by: nothing, the default; the weight `scale` []; or for `additive` each of
   * its terms by `scale` [inputSize].
   */
  scale: { kind: "oneOf", of: ["none", "scalar", "vector"], default: "none" },
  /**
   * What q + k is multiplied by before tanh: nothing, the default, or the weight `innerScale` [] (Keras's
   * `concat` score with `use_scale`).
   */
  innerScale: { kind: "oneOf", of: ["none", "scalar"], default: "none" },
} as const satisfies Fields;

/**
 * Each step of a query takes the mean of another sequence's steps, weighted by how well their keys fit it.
 * The weights [batch, time, source] are there as `name.weights`, which only an output may be.
 */
export interface AttentionSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "attention";
}

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
export function attentionComposite(
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

function wire(
  { query, key, value, inputSize, score, scale, innerScale }: AttentionSpec,
  wiring: Wiring,
): void {
  const [q, k, v] = [wiring.read(query, "query"), wiring.read(key, "key"), wiring.read(value, "value")];
  const vectors = ({ dtype, shape }: ValueInfo): boolean => dtype === "float32" && shape.length === 1;
  const size = `of ${inputSize}, the layer's inputSize`;
  const another = "a dense layer makes them of another size";
  if (!vectors(q) || q.shape[0] !== inputSize)
    wiring.refuse("query", `float32 vectors ${size}`, query, another);
  if (!vectors(k) || k.axis === null || k.shape[0] !== inputSize)
    wiring.refuse("key", `a float32 sequence of vectors ${size}`, key, another);
  if (!vectors(v) || v.axis !== k.axis)
    wiring.refuse(
      "value",
      `a float32 sequence of vectors along "${k.axis}", the axis of key`,
      value,
      "there is one value for each key",
    );
  if (scale === "vector" && score !== "additive")
    wiring.refuse(
      "scale",
      `none or scalar for ${score}`,
      scale,
      "a dense layer before it scales each feature",
    );
  if (innerScale !== "none" && score !== "additive")
    wiring.refuse("innerScale", `none for ${score}`, innerScale, "only additive has a tanh to scale within");
}

/**
 * Attention. Defaults: `dot` scores, no scales, keys that are the values.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const attention = (options: OptionsOf<typeof fields>): AttentionSpec =>
  layerOf("attention", fields, options);

/** Definition of the attention layer, for a kit of `@unroll/api/core`. */
export const attentionDefinition = {
  type: "attention",
  fields,
  wire,
  values({ query, key, value }, around) {
    const { axis } = around.value(query);
    return [
      ["", { dtype: "float32", axis, shape: around.value(value).shape }],
      [".weights", { dtype: "float32", axis, shape: [], over: around.value(key).axis! }],
    ];
  },
  weights: ({ inputSize, scale, innerScale }) => [
    ...(innerScale === "scalar" ? [{ name: "innerScale", shape: [] }] : []),
    ...(scale === "none" ? [] : [{ name: "scale", shape: scale === "vector" ? [inputSize] : [] }]),
  ],
  whyNotSteppable({ name, query, key, value }, around) {
    if (around.value(key).axis === STEPS) return `attention "${name}" looks at all of "${STEPS}"`;
    const ending = [key, value].some((ref) => around.value(ref).ending);
    return ending && around.value(query).axis === STEPS
      ? `attention "${name}" sees the end of "${STEPS}"`
      : null;
  },
  lower({ query: queryRef, key: keyRef, value, score }, { b, read, value: info, extent, weights: own }) {
    const [query, key] = [read(queryRef), read(keyRef)];
    const masks = {
      keyMask: maskOf(b, key, extent(info(keyRef).axis)),
      queryMask: maskOf(b, query, extent(info(queryRef).axis)),
    };
    const lone = query.type.shape.length === 2;
    const queries = lone ? b.expandDims(query, 0) : query;
    const { y, weights } = attentionComposite(b, queries, key, read(value), { ...masks, ...own }, { score });
    const outputs = lone
      ? { "": b.squeeze(y, 0), ".weights": b.squeeze(weights, 0) }
      : { "": y, ".weights": weights };
    return { outputs, state: {} };
  },
} as const satisfies LayerDefinition<AttentionSpec>;
