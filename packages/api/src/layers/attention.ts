import type { Block, NamedValues, Value } from "../program/builder.js";
import type { Attrs } from "../contract/program.js";
import {
  cacheParts,
  cacheValues,
  lookedAtWindow,
  weightsInfo,
  whyNotWindowed,
  windowPrimitives,
  wireWindow,
  withTime,
} from "./attention-window.js";
import type { LayerDefinition, LayerScope, Lowered, StatePart, Surroundings, Wiring } from "./definition.js";
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
  /** Size of the query, and of the key where no weights stand between them. */
  inputSize: { kind: "count" },
  /**
   * How well a key fits: `dot` q·k (Luong; the default), `scaledDot` q·k / sqrt(inputSize), `additive` the
   * sum of tanh(q + k) (Bahdanau); with weights of its own `general` q·W·k (Luong) and `concat`
   * v·tanh([q, k]·W) (Luong, Bahdanau).
   */
  score: { kind: "oneOf", of: ["dot", "scaledDot", "additive", "general", "concat"], default: "dot" },
  /** Size of the key. Default `inputSize`; another for `general` and `concat` alone. */
  keySize: { kind: "count", default: ({ inputSize }: { inputSize?: unknown }) => inputSize },
  /** How many features `concat` makes of query and key; null, the default, for the other scores. */
  scoreSize: { kind: "count", nullable: true, default: null },
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
  /** Whether a step sees no step after it: query and key run along one axis. Default false. */
  causal: { kind: "oneOf", of: [false, true], default: false },
  /**
   * Of causal attention: how many steps each one sees, its own and those before it. They are the state, so
   * that a sequence may be fed in pieces or by steps. Default null: all of them, of a whole sequence alone.
   */
  window: { kind: "count", nullable: true, default: null },
  /** Size of the value, which a window makes state: default `keySize`. Null without a window. */
  valueSize: {
    kind: "count",
    nullable: true,
    default: ({ window, keySize }: { window?: unknown; keySize?: unknown }) =>
      window === null ? null : keySize,
  },
  /**
   * What a step gets that has no real step to look at: `zeros`, the default; or the `mean` over all steps,
   * masked ones too and whatever they hold, as Keras gives.
   */
  emptyRows: { kind: "oneOf", of: ["zeros", "mean"], default: "zeros" },
} as const satisfies Fields;

/**
 * Each step of a query takes the mean of another sequence's steps, weighted by how well their keys fit it.
 * The weights [batch, time, source] are there as `name.weights`, which only an output may be; of a window
 * [batch, time, window], the oldest step first. The state of a window is the cache `key` [window - 1,
 * keySize] and `value` [window - 1, valueSize], the latest step last, and `count` int32 [], how many of them
 * there are.
 */
export interface AttentionSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "attention";
}

/** Scores without weights: what those with weights are, once query and key have gone through them. */
export const attentionScores = ["dot", "scaledDot", "additive"] as const;

export interface AttentionAttrs extends Attrs {
  readonly score: (typeof attentionScores)[number];
  readonly causal: boolean;
  readonly emptyRows: AttentionSpec["emptyRows"];
}

/**
 * Composite `attention`; semantics rule `attention`. A masked key has weight 0 exactly, so padding never
 * reaches a result, whatever it holds; a row without any real key gets zeros, or where `emptyRows` says so
 * the mean over all.
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
    const batchMajor = (x: Value): Value => b.transpose(x, [1, 0, 2]);
    const { weights, some } = sharesOf(b, fit, visible(b, v, attrs), attrs);
    const values = batchMajor(kept(b, v["value"]!, keyMask));
    let y = attrs.causal ? pastMean(b, weights, values, v) : b.matmul(weights, values);
    if (some && keyMask) y = b.select(some, y, b.matmul(weights, batchMajor(v["value"]!)));
    if (queryMask) y = b.select(b.expandDims(b.transpose(queryMask, [1, 0]), 2), y, b.constant(0));
    return { y: b.transpose(y, [1, 0, 2]), weights: b.transpose(weights, [1, 0, 2]) };
  });
}

/**
 * weights [batch, time, source], zeros after each step, times values [batch, source, size]. A step after it
 * that is not finite would spoil a product by 0: what is not is added apart, from its own step on.
 */
function pastMean(b: Block, weights: Value, values: Value, { query, key }: NamedValues): Value {
  const none = b.constant(0);
  // Infinity less itself is NaN as well.
  const finite = b.equal(b.sub(values, values), none);
  const mean = b.matmul(weights, b.select(finite, values, none));
  const past = b.cumsum(b.select(finite, none, values), 1);
  if (query!.type.shape[0] === key!.type.shape[0]) return b.add(mean, past);
  // Steps after the last of the source see all of it.
  const last = b.slice(b.iota(key!, 0), 0, -1, 1);
  const bySource = b.transpose(past, [1, 0, 2]);
  const seen = b.gather(bySource, b.min(b.iota(query!, 0), last));
  return b.add(mean, b.transpose(seen, [1, 0, 2]));
}

/** x [source, batch, size] with zeros where it is masked. */
const kept = (b: Block, x: Value, mask: Value | undefined): Value =>
  mask ? b.select(b.expandDims(mask, 2), x, b.constant(0)) : x;

/** Which steps of the source each step sees, bool [batch or 1, time or 1, source]; undefined for all. */
export function visible(
  b: Block,
  { query, key, keyMask }: NamedValues,
  { causal }: Pick<AttentionAttrs, "causal">,
): Value | undefined {
  const real = keyMask && b.expandDims(b.transpose(keyMask, [1, 0]), 1);
  if (!causal) return real;
  const after = b.add(b.iota(query!, 0), b.constant(1, [], "int32"));
  const past = b.expandDims(b.less(b.expandDims(b.iota(key!, 0), 0), b.expandDims(after, 1)), 0);
  return real ? b.and(past, real) : past;
}

/**
 * Softmax of scores [..., source] over what is seen. With `emptyRows: "mean"` all are seen where none is;
 * then `some` tells where any is, bool [..., 1].
 */
export function sharesOf(
  b: Block,
  fit: Value,
  seen: Value | undefined,
  { emptyRows }: Pick<AttentionAttrs, "emptyRows">,
): { weights: Value; some?: Value } {
  if (!seen) return { weights: softmax(b, fit) };
  if (emptyRows === "zeros") return { weights: maskedSoftmax(b, fit, seen) };
  const some = b.less(b.constant(0), b.reduceMax(b.cast(seen, "float32"), seen.type.shape.length - 1));
  const none = b.not(some);
  // Neither is true at once, so this is what "or" would be.
  const all = b.not(b.and(b.not(seen), some));
  return { weights: maskedSoftmax(b, b.select(none, b.constant(0), fit), all), some };
}

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
  const last = x.type.shape.length - 1;
  // What is not real may be NaN, as a step after the own one that is bad.
  const known = b.select(real, x, b.constant(0));
  const some = b.select(real, x, b.neg(b.reduceMax(b.neg(known), last)));
  const e = b.select(real, b.exp(b.sub(some, b.reduceMax(some, last))), b.constant(0));
  // Once more after the division: a NaN among what is real spoils the sum, and is no reason to look at
  // padding.
  return b.select(real, b.div(e, b.max(b.sum(e, last), b.constant(1))), b.constant(0));
}

/**
 * A score with weights of its own as one without, of what those make of query and key: q·W·k is the dot
 * product of q·W and k; v·tanh([q, k]·W) the sum of tanh, each term scaled by v.
 */
function beforeScore(
  b: Block,
  score: AttentionSpec["score"],
  q: Value,
  k: Value,
  { scoreKernel, scoreVector, ...scales }: NamedValues,
): { q: Value; k: Value; score: AttentionAttrs["score"]; scales: NamedValues } {
  if (score === "general") return { q: b.matmul(q, scoreKernel!), k, score: "dot", scales };
  if (score !== "concat") return { q, k, score, scales };
  const [size, keySize] = [q, k].map(({ type }) => type.shape[2] as number) as [number, number];
  return {
    q: b.matmul(q, b.slice(scoreKernel!, 0, 0, size)),
    k: b.matmul(k, b.slice(scoreKernel!, 0, size, keySize)),
    score: "additive",
    scales: { scale: scoreVector },
  };
}

function wire(layer: AttentionSpec, wiring: Wiring): void {
  const { query, key, value, inputSize, keySize, score, scoreSize, scale, innerScale, causal } = layer;
  const weighs = score === "general" || score === "concat";
  if (!weighs && keySize !== inputSize)
    wiring.refuse(
      "keySize",
      `${inputSize}, the inputSize, for ${score}`,
      keySize,
      "general compares any two",
    );
  if ((scoreSize !== null) !== (score === "concat"))
    wiring.refuse(
      "scoreSize",
      score === "concat" ? "a size for concat" : `null for ${score}`,
      scoreSize,
      "it is how many features concat makes of query and key",
    );
  const [q, k, v] = [wiring.read(query, "query"), wiring.read(key, "key"), wiring.read(value, "value")];
  const vectors = ({ dtype, shape }: ValueInfo): boolean => dtype === "float32" && shape.length === 1;
  const own = `of ${inputSize}, the layer's inputSize`;
  const another = "a dense layer makes them of another size";
  if (!vectors(q) || q.shape[0] !== inputSize)
    wiring.refuse("query", `float32 vectors ${own}`, query, another);
  if (!vectors(k) || k.axis === null || k.shape[0] !== keySize)
    wiring.refuse(
      "key",
      `a float32 sequence of vectors of ${keySize}, the layer's ${weighs ? "keySize" : "inputSize"}`,
      key,
      another,
    );
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
  if (scale === "scalar" && score === "concat")
    wiring.refuse("scale", "none for concat", scale, "its scoreVector scales already");
  if (causal && q.axis !== k.axis)
    wiring.refuse("causal", "false", causal, `query and key run along "${q.axis}" and "${k.axis}"`);
  if (innerScale !== "none" && score !== "additive")
    wiring.refuse("innerScale", `none for ${score}`, innerScale, "only additive has a tanh to scale within");
  wireWindow(layer, wiring);
  const size = layer.window === null ? null : v.shape[0]!;
  if (layer.valueSize !== size)
    wiring.refuse(
      "valueSize",
      size === null ? "null without a window" : `${size}, the size of value`,
      layer.valueSize,
      "it is a part of the state of a window",
    );
}

/** Why what is looked at can't be looked at step by step; null where it can. */
export function whyNotLookedAtBySteps(
  layer: Pick<AttentionSpec, "name" | "query" | "key" | "value" | "window"> & { readonly causal: boolean },
  around: Surroundings,
): string | null {
  const { name, query, key, value, causal, window } = layer;
  if (window !== null) return whyNotWindowed(layer, around);
  if (around.value(key).axis === STEPS)
    return causal
      ? `attention "${name}" looks at every step of "${STEPS}" so far; a window of it can be stepped`
      : `attention "${name}" looks at all of "${STEPS}"`;
  const ending = [key, value].some((ref) => around.value(ref).ending);
  return ending && around.value(query).axis === STEPS
    ? `attention "${name}" sees the end of "${STEPS}"`
    : null;
}

/** What a key is once it has gone through the score's weights is what the cache has of it. */
const cacheOf = ({ window, score, scoreSize, keySize, valueSize }: AttentionSpec): readonly StatePart[] =>
  cacheParts(window, score === "concat" ? scoreSize! : keySize, valueSize!);

/** Attention to a window. */
function windowed(layer: AttentionSpec, window: number, scope: LayerScope): Lowered {
  const { b, initial: held, weights: own } = scope;
  const { given, stepping, out } = withTime(scope, layer);
  const { q, k, score: compared, scales } = beforeScore(b, layer.score, given[0], given[1], own);
  const looked = lookedAtWindow(b, {
    score: compared,
    scale: scales["scale"],
    innerScale: scales["innerScale"],
    window,
    heads: 1,
    query: q,
    key: k,
    value: given[2],
    stepping,
    extent: stepping ? {} : scope.extent(scope.value(layer.query).axis),
    held,
  });
  const shown = (x: Value): Value => out(looked.restore(x));
  return {
    outputs: {
      "": shown(looked.y),
      ...(scope.wanted(".weights") && { ".weights": shown(looked.shares()) }),
    },
    state: looked.state,
  };
}

/**
 * Attention. Defaults: `dot` scores, no scales, keys that are the values, all of them seen, zeros where there
 * are none.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const attention = (options: OptionsOf<typeof fields>): AttentionSpec =>
  layerOf(attentionDefinition, options);

/** Definition of the attention layer, for a kit of `@unroll/api/core`. */
export const attentionDefinition = {
  type: "attention",
  fields,
  wire,
  primitives: windowPrimitives,
  values(layer, around) {
    const { query, key, value, window } = layer;
    const { axis } = around.value(query);
    return [
      ["", { dtype: "float32", axis, shape: around.value(value).shape }],
      [".weights", weightsInfo(axis, window, around.value(key).axis!)],
      ...cacheValues(cacheOf(layer)),
    ];
  },
  state: (layer) => cacheOf(layer),
  weights: ({ inputSize, keySize, score, scoreSize, scale, innerScale }) => [
    ...(score === "general" ? [{ name: "scoreKernel", shape: [inputSize, keySize] }] : []),
    ...(score === "concat"
      ? [
          { name: "scoreKernel", shape: [inputSize + keySize, scoreSize!] },
          { name: "scoreVector", shape: [scoreSize!] },
        ]
      : []),
    ...(innerScale === "scalar" ? [{ name: "innerScale", shape: [] }] : []),
    ...(scale === "none" ? [] : [{ name: "scale", shape: scale === "vector" ? [inputSize] : [] }]),
  ],
  whyNotSteppable: (layer, around) => whyNotLookedAtBySteps(layer, around),
  lower(layer, scope) {
    if (layer.window !== null) return windowed(layer, layer.window, scope);
    const { query: queryRef, key: keyRef, value, ...how } = layer;
    const { b, read, value: info, extent, weights: own } = scope;
    const [query, key] = [read(queryRef), read(keyRef)];
    const masks = {
      keyMask: maskOf(b, key, extent(info(keyRef).axis)),
      queryMask: maskOf(b, query, extent(info(queryRef).axis)),
    };
    const lone = query.type.shape.length === 2;
    const compared = beforeScore(b, how.score, lone ? b.expandDims(query, 0) : query, key, own);
    const attrs = { score: compared.score, causal: how.causal, emptyRows: how.emptyRows };
    const given = { ...masks, ...compared.scales };
    const { y, weights } = attentionComposite(b, compared.q, compared.k, read(value), given, attrs);
    const outputs = lone
      ? { "": b.squeeze(y, 0), ".weights": b.squeeze(weights, 0) }
      : { "": y, ".weights": weights };
    return { outputs, state: {} };
  },
} as const satisfies LayerDefinition<AttentionSpec>;
