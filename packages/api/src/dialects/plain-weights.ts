import { unrollError } from "../contract/error.js";
import type { LayerSpec } from "../specification/types.js";
import { layerWeights } from "../specification/weights.js";
import { plainRule, type WeightRule } from "./rules.js";

/** Frameworks whose names and layouts are known. */
export type Dialect = "torch" | "keras" | "onnx" | "tf1";

/** A layer without cells: its weights are copied, their axes as here or in another order. */
export type PlainLayer = Exclude<LayerSpec, { readonly type: "recurrent" | "bidirectional" }>;

/** What a weight is called in each framework; by default as here. */
type Names = Readonly<Partial<Record<Dialect, string>>> & {
  /** Frameworks that keep axes [..., in, out] of ours as [out, in, ...]: of a matrix the transpose. */
  readonly channelsFirst?: readonly Dialect[];
};

/** Names of a layer's weights, by ours. */
interface PlainNames<Layer> {
  readonly weights: Readonly<Record<string, Names | ((layer: Layer) => Names)>>;
  /** What a framework would have to be to hold this layer's weights; null where it does. */
  readonly refuse?: (
    layer: Layer,
    dialect: Dialect,
  ) => readonly [expected: string, got: string, why: string] | null;
}

type Table = { readonly [L in PlainLayer as L["type"]]: PlainNames<L> };

/**
 * Every layer without cells. One row is all that the dialects need to know of a layer.
 *
 * - Keras's Attention calls what it multiplies a `concat` score by concat_score_weight; only that score can
 *   have a scale within.
 * - TensorFlow 1: BahdanauAttention and LuongAttention(scale=True); their memory and query layers are dense
 *   layers.
 * - PyTorch has no module of that kind: parameters of a module of one's own.
 */
const plainNames: Table = {
  embedding: { weights: { table: { torch: "weight", keras: "embeddings", tf1: "" } } },
  dense: {
    weights: {
      kernel: { torch: "weight", channelsFirst: ["torch"] },
      bias: {},
    },
  },
  layerNorm: { weights: { gamma: { torch: "weight" }, beta: { torch: "bias" } } },
  batchNorm: {
    weights: {
      gamma: { torch: "weight" },
      beta: { torch: "bias" },
      movingMean: { torch: "running_mean", keras: "moving_mean", tf1: "moving_mean" },
      movingVariance: { torch: "running_var", keras: "moving_variance", tf1: "moving_variance" },
    },
  },
  groupNorm: { weights: { gamma: { torch: "weight" }, beta: { torch: "bias" } } },
  rmsNorm: { weights: { gamma: { torch: "weight", keras: "scale" } } },
  reshape: { weights: {} },
  permute: { weights: {} },
  slice: { weights: {} },
  pad: { weights: {} },
  tile: { weights: {} },
  stack: { weights: {} },
  oneHot: { weights: {} },
  reduce: { weights: {} },
  reduceTime: { weights: {} },
  pickStep: { weights: {} },
  toSequence: { weights: {} },
  attention: {
    weights: {
      innerScale: { torch: "inner_scale", keras: "scale" },
      scale: ({ scale, score }) => ({
        keras: scale === "scalar" && score === "additive" ? "concat_score_weight" : "scale",
        tf1: scale === "vector" ? "attention_v" : "attention_g",
      }),
    },
    refuse({ innerScale, scale }, dialect) {
      if (dialect === "keras" && innerScale === "scalar" && scale !== "scalar")
        return ["scale scalar beside innerScale", scale, "no Keras layer has only one of them"];
      if (dialect === "tf1" && innerScale !== "none")
        return ["innerScale none", innerScale, "no attention of TensorFlow 1 has it"];
      return null;
    },
  },
  // pytorch-crf; TensorFlow Addons' layer for Keras; tf.contrib.crf, whose variable has that name by default.
  crf: {
    weights: {
      transitions: { keras: "chain_kernel" },
      start: { torch: "start_transitions", keras: "left_boundary" },
      end: { torch: "end_transitions", keras: "right_boundary" },
    },
    refuse({ boundaries }, dialect) {
      if (dialect === "tf1" && boundaries)
        return ["boundaries false", "true", "the CRF of TensorFlow 1 has transitions alone"];
      if (dialect === "torch" && !boundaries)
        return ["boundaries true", "false", "pytorch-crf always has them; take zeros for start and end"];
      return null;
    },
  },
  activation: { weights: {} },
  dropout: { weights: {} },
  merge: { weights: {} },
  repeat: { weights: {} },
  convolution: {
    weights: { kernel: { torch: "weight", channelsFirst: ["torch"] }, bias: {} },
  },
  pool: { weights: {} },
};

/** Axes [..., in, out] of ours as [out, in, ...]. */
const channelsFirst = (axes: number): readonly number[] => [
  axes - 1,
  axes - 2,
  ...Array.from({ length: axes - 2 }, (_, k) => k),
];

/** A weight of a layer without cells, as a framework has it. */
export interface PlainWeight {
  /** Ours, without the layer's name. */
  readonly canonical: string;
  /** The framework's, without the path of the layer; empty where the path alone is its name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Ours as the framework has them; undefined where they are the same. */
  readonly axes: readonly number[] | undefined;
}

/**
 * The weights of a layer without cells in a framework's names, in our order.
 *
 * @throws UNROLL_UNSUPPORTED for a layer that the framework does not have
 */
export function plainWeights(layer: PlainLayer, dialect: Dialect): readonly PlainWeight[] {
  const { weights, refuse } = plainNames[layer.type] as PlainNames<PlainLayer>;
  const reason = refuse?.(layer, dialect) ?? null;
  if (reason !== null)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `${dialect} weights of ${layer.type} "${layer.name}"`,
      expected: reason[0],
      got: reason[1],
      cure: reason[2],
      details: { layer: layer.name },
    });
  return layerWeights(layer).map(({ name, shape }) => {
    const canonical = name.slice(layer.name.length + 1);
    const held = weights[canonical]!;
    const names = typeof held === "function" ? held(layer) : held;
    const axes = names.channelsFirst?.includes(dialect) ? channelsFirst(shape.length) : undefined;
    return { canonical, name: names[dialect] ?? canonical, shape, axes };
  });
}

/** Rules of a layer without cells; `key` gives a weight's whole name. */
export const plainRules = (
  layer: PlainLayer,
  dialect: Dialect,
  key: (weight: PlainWeight) => string,
): WeightRule[] =>
  plainWeights(layer, dialect).map((weight) =>
    plainRule(layer.name, weight.canonical, key(weight), weight.shape, weight.axes),
  );

/** Our names of the weights that a layer without cells may have. */
export const plainRoles = (type: PlainLayer["type"]): readonly string[] =>
  Object.keys(plainNames[type].weights);
