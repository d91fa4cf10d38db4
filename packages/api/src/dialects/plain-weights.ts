import { unrollError } from "../contract/error.js";
import type { LayerSpec, MultiHeadAttentionSpec } from "../specification/types.js";
import type { Catalog } from "../layers/definition.js";
import { layerWeightsIn } from "../specification/weights.js";
import { plainRule, type WeightRule } from "./rules.js";

/** Frameworks whose names and layouts are known. */
export type Dialect = "torch" | "keras" | "onnx" | "tf1";

/** A layer without cells: its weights are copied, their axes as here or in another order. */
export type PlainLayer = Exclude<LayerSpec, { readonly type: "recurrent" | "bidirectional" }>;

/** What a weight is called in each framework; by default as here. */
type Names = Readonly<Partial<Record<Dialect, string>>> & {
  /** Frameworks that keep axes [..., in, out] of ours as [out, in, ...]: of a matrix the transpose. */
  readonly channelsFirst?: readonly Dialect[];
  /** Frameworks that keep our axes in another order: which of ours each of theirs is. */
  readonly axes?: Readonly<Partial<Record<Dialect, readonly number[]>>>;
  /** Frameworks whose tensor has other axes in the same order, or further rows of this one's size: which. */
  readonly within?: Readonly<Partial<Record<Dialect, Within>>>;
};

/** What a framework's tensor is, of which a weight is all or one of several parts. */
interface Within {
  readonly shape: readonly number[];
  /** Which part of the first axis; null for all of it. */
  readonly row: number | null;
}

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
  padTime: { weights: {} },
  cropTime: { weights: {} },
  upsampleTime: { weights: {} },
  concatTime: { weights: {} },
  // PyTorch and ONNX: [channels, filters, steps]; Keras and TensorFlow: [steps, filters, channels].
  transposedConvolution: {
    weights: {
      kernel: { torch: "weight", axes: { torch: [1, 2, 0], keras: [0, 2, 1], tf1: [0, 2, 1] } },
      bias: {},
    },
    refuse: ({ groups }, dialect) =>
      groups > 1 && (dialect === "keras" || dialect === "tf1")
        ? ["one group", `${groups}`, "its transposed convolutions have no groups"]
        : null,
  },
  attention: {
    weights: {
      scoreKernel: { torch: "score_kernel" },
      scoreVector: { torch: "score_vector" },
      innerScale: { torch: "inner_scale", keras: "scale" },
      scale: ({ scale, score }) => ({
        keras: scale === "scalar" && score === "additive" ? "concat_score_weight" : "scale",
        tf1: scale === "vector" ? "attention_v" : "attention_g",
      }),
    },
    refuse({ innerScale, scale, score }, dialect) {
      if ((dialect === "keras" || dialect === "tf1") && (score === "general" || score === "concat"))
        return [
          "a score without weights of its own",
          score,
          "it keeps them in dense layers before the attention; use dot or additive after those",
        ];
      if (dialect === "keras" && innerScale === "scalar" && scale !== "scalar")
        return ["scale scalar beside innerScale", scale, "no Keras layer has only one of them"];
      if (dialect === "tf1" && innerScale !== "none")
        return ["innerScale none", innerScale, "no attention of TensorFlow 1 has it"];
      return null;
    },
  },
  multiHeadAttention: {
    weights: multiHeadNames(),
    refuse({ heads, headSize, valueHeadSize, inputSize, outputSize }, dialect) {
      if (dialect === "tf1") return ["another layer", "multiHeadAttention", "TensorFlow 1 has none"];
      const wide = heads * headSize === inputSize && valueHeadSize === headSize && outputSize === inputSize;
      return dialect === "torch" && !wide
        ? [
            "heads that together are as wide as query and output",
            `${heads} of ${headSize}`,
            "it has no other",
          ]
        : null;
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
  positionalEncoding: { weights: {} },
  // KerasHub's PositionEmbedding; an nn.Embedding of positions; a variable of TensorFlow 1.
  positionalEmbedding: { weights: { table: { torch: "weight", keras: "embeddings", tf1: "" } } },
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

/**
 * PyTorch keeps the three kernels in one tensor, transposed, unless keys or values have sizes of their own,
 * and always their biases; Keras has heads as an axis.
 */
function multiHeadNames(): PlainNames<MultiHeadAttentionSpec>["weights"] {
  const letters = { query: "q", key: "k", value: "v" } as const;
  const parts = Object.entries(letters).flatMap(([name, letter], row) => {
    const axes = ({ heads, headSize, valueHeadSize }: MultiHeadAttentionSpec): number[] => [
      heads,
      name === "value" ? valueHeadSize : headSize,
    ];
    const kernel = (layer: MultiHeadAttentionSpec): Names => {
      const { inputSize, keySize, valueSize } = layer;
      const rows = { query: inputSize, key: keySize, value: valueSize }[name as keyof typeof letters];
      const apart = keySize !== inputSize || valueSize !== inputSize;
      return {
        torch: apart ? `${letter}_proj_weight` : "in_proj_weight",
        keras: `${name}/kernel`,
        channelsFirst: ["torch"],
        within: {
          keras: { shape: [rows, ...axes(layer)], row: null },
          ...(!apart && { torch: { shape: [3 * inputSize, inputSize], row } }),
        },
      };
    };
    const bias = (layer: MultiHeadAttentionSpec): Names => ({
      torch: "in_proj_bias",
      keras: `${name}/bias`,
      within: {
        keras: { shape: axes(layer), row: null },
        torch: { shape: [3 * layer.inputSize], row },
      },
    });
    return [
      [`${name}Kernel`, kernel],
      [`${name}Bias`, bias],
    ] as const;
  });
  return {
    ...Object.fromEntries(parts),
    outputKernel: ({ heads, valueHeadSize, outputSize }) => ({
      torch: "out_proj.weight",
      keras: "attention_output/kernel",
      channelsFirst: ["torch"],
      within: { keras: { shape: [heads, valueHeadSize, outputSize], row: null } },
    }),
    outputBias: { torch: "out_proj.bias", keras: "attention_output/bias" },
  };
}

/** A weight of a layer without cells, as a framework has it. */
export interface PlainWeight {
  /** Ours, without the layer's name. */
  readonly canonical: string;
  /** The framework's, without the path of the layer; empty where the path alone is its name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Ours as the framework has them; undefined where they are the same. */
  readonly axes: readonly number[] | undefined;
  readonly within: Within | null;
}

/**
 * The weights of a layer without cells, which a catalog has, in a framework's names, in our order.
 *
 * @throws UNROLL_UNSUPPORTED for a layer that the framework does not have
 */
export function plainWeights(catalog: Catalog, layer: PlainLayer, dialect: Dialect): readonly PlainWeight[] {
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
  return layerWeightsIn(catalog, layer).map(({ name, shape }) => {
    const canonical = name.slice(layer.name.length + 1);
    const held = weights[canonical]!;
    const names = typeof held === "function" ? held(layer) : held;
    const axes = names.channelsFirst?.includes(dialect) ? channelsFirst(shape.length) : names.axes?.[dialect];
    const within = names.within?.[dialect] ?? null;
    return { canonical, name: names[dialect] ?? canonical, shape, axes, within };
  });
}

/** Rules of a layer without cells; `key` gives a weight's whole name. */
export const plainRules = (
  catalog: Catalog,
  layer: PlainLayer,
  dialect: Dialect,
  key: (weight: PlainWeight) => string,
): WeightRule[] =>
  plainWeights(catalog, layer, dialect).map((weight) => {
    const rule = plainRule(layer.name, weight.canonical, key(weight), weight.shape, weight.axes);
    return weight.within ? { ...rule, foreign: [{ key: key(weight), ...weight.within }] } : rule;
  });

/** Our names of the weights that a layer without cells may have. */
export const plainRoles = (type: PlainLayer["type"]): readonly string[] =>
  Object.keys(plainNames[type].weights);
