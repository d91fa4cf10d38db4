import type { Block, Value } from "../program/builder.js";
import { attentionComposite, whyNotLookedAtBySteps } from "./attention.js";
import {
  cacheParts,
  cacheValues,
  lookedAtWindow,
  parted,
  weightsInfo,
  windowPrimitives,
  wireWindow,
  withTime,
} from "./attention-window.js";
import type { LayerDefinition, LayerScope, Lowered, OwnWeight, StatePart, Wiring } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { affine, maskOf } from "./recurrence.js";
import type { ValueInfo } from "./value-info.js";

type Filled = Readonly<Record<string, unknown>>;

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A sequence [batch, time, inputSize], or one vector a row [batch, inputSize]. */
  query: { kind: "value" },
  /** A sequence along the axis of `key`, [batch, source, valueSize]. */
  value: { kind: "value" },
  /** A sequence [batch, source, keySize]. Default: the value. */
  key: { kind: "value", default: ({ value }: Filled) => value },
  /** Size of the query. */
  inputSize: { kind: "count" },
  /** Size of the key. Default `inputSize`. */
  keySize: { kind: "count", default: ({ inputSize }: Filled) => inputSize },
  /** Size of the value. Default `keySize`. */
  valueSize: { kind: "count", default: ({ keySize }: Filled) => keySize },
  /** How many heads look by themselves. */
  heads: { kind: "count" },
  /** Size of what each head makes of query and key. */
  headSize: { kind: "count" },
  /** Size of what each head makes of the value. Default `headSize`. */
  valueHeadSize: { kind: "count", default: ({ headSize }: Filled) => headSize },
  /** Size of the output. Default `inputSize`. */
  outputSize: { kind: "count", default: ({ inputSize }: Filled) => inputSize },
  /** Whether each product has a bias added: `single`, the default, or `none`. */
  bias: { kind: "oneOf", of: ["none", "single"], default: "single" },
  /** Whether a step sees no step after it: query and key run along one axis. Default false. */
  causal: { kind: "oneOf", of: [false, true], default: false },
  /**
   * Of causal attention: how many steps each one sees, its own and those before it. They are the state, so
   * that a sequence may be fed in pieces or by steps. Default null: all of them, of a whole sequence alone.
   */
  window: { kind: "count", nullable: true, default: null },
  /**
   * What each head gives a step that has no real step to look at: `zeros`, the default, as Keras 3.15
   * gives; or the `mean` over all steps, masked ones too and whatever they hold. (PyTorch gives NaN.)
   */
  emptyRows: { kind: "oneOf", of: ["zeros", "mean"], default: "zeros" },
} as const satisfies Fields;

/**
 * Several heads of scaled dot-product attention side by side, semantics rule `multi-head-attention` (Vaswani
 * et al. 2017, section 3.2.2). Weights: `queryKernel` [inputSize, heads x headSize], `keyKernel` [keySize,
 * heads x headSize], `valueKernel` [valueSize, heads x valueHeadSize], `outputKernel` [heads x valueHeadSize,
 * outputSize], and a bias of each. The mean over heads of what each looks at [batch, time, source] is there
 * as `name.weights`, which only an output may be; of a window [batch, time, window], the oldest step first.
 * The state of a window is the cache `key` [window - 1, heads x headSize] and `value` [window - 1, heads x
 * valueHeadSize], the latest step last, and `count` int32 [], how many of them there are.
 */
export interface MultiHeadAttentionSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "multiHeadAttention";
}

function wire(layer: MultiHeadAttentionSpec, wiring: Wiring): void {
  const { query, key, value, inputSize, keySize, valueSize, causal } = layer;
  const [q, k, v] = [wiring.read(query, "query"), wiring.read(key, "key"), wiring.read(value, "value")];
  const vectors = ({ dtype, shape }: ValueInfo, size: number): boolean =>
    dtype === "float32" && shape.length === 1 && shape[0] === size;
  const cure = (size: string): string => `make it the layer's ${size}`;
  if (!vectors(q, inputSize))
    wiring.refuse("query", `float32 vectors of ${inputSize}`, query, cure("inputSize"));
  if (!vectors(k, keySize) || k.axis === null)
    wiring.refuse("key", `a float32 sequence of vectors of ${keySize}`, key, cure("keySize"));
  if (!vectors(v, valueSize) || v.axis !== k.axis)
    wiring.refuse(
      "value",
      `a float32 sequence of vectors of ${valueSize} along "${k.axis}", the axis of key`,
      value,
      cure("valueSize"),
    );
  if (causal && q.axis !== k.axis)
    wiring.refuse("causal", "false", causal, `query and key run along "${q.axis}" and "${k.axis}"`);
  wireWindow(layer, wiring);
}

/** The products, in the order in which weights are listed: name, rows, columns. */
function products(layer: MultiHeadAttentionSpec): readonly (readonly [string, number, number])[] {
  const { inputSize, keySize, valueSize, heads, headSize, valueHeadSize, outputSize } = layer;
  return [
    ["query", inputSize, heads * headSize],
    ["key", keySize, heads * headSize],
    ["value", valueSize, heads * valueHeadSize],
    ["output", heads * valueHeadSize, outputSize],
  ];
}

const weights = (layer: MultiHeadAttentionSpec): OwnWeight[] =>
  products(layer).flatMap(([name, rows, columns]) => [
    { name: `${name}Kernel`, shape: [rows, columns] },
    ...(layer.bias === "single" ? [{ name: `${name}Bias`, shape: [columns] }] : []),
  ]);

const cacheOf = ({ window, heads, headSize, valueHeadSize }: MultiHeadAttentionSpec): readonly StatePart[] =>
  cacheParts(window, heads * headSize, heads * valueHeadSize);

/** A linear map of x by the layer's weights of that name. */
const productOf = ({ b, weights: own }: LayerScope, name: string, x: Value): Value =>
  affine(b, x, own[`${name}Kernel`]!, own[`${name}Bias`]);

/** A mask [source, batch] for each head, [source, batch x heads]. */
function forHeads(b: Block, mask: Value, heads: number): Value {
  const every = b.constant(new Array<number>(heads).fill(1), [1, 1, heads], "bool");
  return b.mergeAxes(b.and(b.expandDims(mask, 2), every), 1, 2);
}

/** Heads that look at a window. */
function windowed(layer: MultiHeadAttentionSpec, window: number, scope: LayerScope): Lowered {
  const { b, initial: held, value, extent } = scope;
  const { given, stepping, out } = withTime(scope, layer);
  const [query, key, values] = (["query", "key", "value"] as const).map((name, k) =>
    productOf(scope, name, given[k]!),
  ) as [Value, Value, Value];
  const looked = lookedAtWindow(b, {
    score: "scaledDot",
    window,
    heads: layer.heads,
    query,
    key,
    value: values,
    stepping,
    extent: stepping ? {} : extent(value(layer.query).axis),
    held,
  });
  const shown = (x: Value): Value => out(looked.restore(x));
  return {
    outputs: {
      "": shown(productOf(scope, "output", looked.y)),
      ...(scope.wanted(".weights") && { ".weights": shown(looked.shares()) }),
    },
    state: looked.state,
  };
}

/**
 * Multi-head attention. Defaults: key that is the value, sizes of the query, with biases, all steps seen,
 * zeros where there are none.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const multiHeadAttention = (options: OptionsOf<typeof fields>): MultiHeadAttentionSpec =>
  layerOf(multiHeadAttentionDefinition, options);

/** Definition of multi-head attention, for a kit of `@unroll/api/core`. */
export const multiHeadAttentionDefinition = {
  type: "multiHeadAttention",
  fields,
  wire,
  values(layer, around) {
    const { query, key, window, outputSize } = layer;
    const { axis } = around.value(query);
    return [
      ["", { dtype: "float32", axis, shape: [outputSize] }],
      [".weights", weightsInfo(axis, window, around.value(key).axis!)],
      ...cacheValues(cacheOf(layer)),
    ];
  },
  weights,
  state: (layer) => cacheOf(layer),
  primitives: windowPrimitives,
  whyNotSteppable: (layer, around) => whyNotLookedAtBySteps(layer, around),
  lower(layer, scope) {
    const { window } = layer;
    if (window !== null) return windowed(layer, window, scope);
    const { query: queryRef, key: keyRef, value: valueRef, heads, causal, emptyRows } = layer;
    const { b, read, value: info, extent } = scope;
    const given = read(queryRef);
    const lone = given.type.shape.length === 2;
    const query = lone ? b.expandDims(given, 0) : given;
    const key = read(keyRef);
    const headsOf = (name: string, x: Value): Value => parted(b, productOf(scope, name, x), heads);
    const keyMask = maskOf(b, key, extent(info(keyRef).axis));
    const seen = attentionComposite(
      b,
      headsOf("query", query),
      headsOf("key", key),
      headsOf("value", read(valueRef)),
      { keyMask: keyMask && forHeads(b, keyMask, heads) },
      { score: "scaledDot", causal, emptyRows },
    );
    // [time, batch, heads, size], of which only the first axes' lengths are of interest.
    const rows = b.expandDims(query, 2);
    const lengthsOf = b.add(rows, b.constant(new Array<number>(heads).fill(0), [1, 1, heads, 1]));
    const apart = (x: Value): Value => b.splitAxis(x, lengthsOf, 1, 2);
    const whole = productOf(scope, "output", b.mergeAxes(apart(seen.y), 2, 2));
    const queryMask = maskOf(b, query, extent(info(queryRef).axis));
    const y = queryMask ? b.select(b.expandDims(queryMask, 2), whole, b.constant(0)) : whole;
    const out = (x: Value): Value => (lone ? b.squeeze(x, 0) : x);
    if (!scope.wanted(".weights")) return { outputs: { "": out(y) }, state: {} };
    const mean = b.div(b.sum(apart(seen.weights), 2), b.constant(heads));
    return { outputs: { "": out(y), ".weights": out(b.squeeze(mean, 2)) }, state: {} };
  },
} as const satisfies LayerDefinition<MultiHeadAttentionSpec>;
