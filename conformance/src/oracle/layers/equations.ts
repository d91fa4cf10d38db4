import type { LayerSpec } from "@unroll/api";
import { attention } from "./attention.js";
import type { Context, Equations, LayerValues } from "./context.js";
import { crf } from "./crf.js";
import { layerNorm } from "./layer-norm.js";
import { pickStep, reduceTime, toSequence } from "./along-time.js";
import { concatTime, cropTime, padTime, upsampleTime } from "./own-time.js";
import { transposedConvolution } from "./transposed-convolution.js";
import { batchNorm } from "./batch-norm.js";
import { oneHot, pad, permute, reduce, reshape, slice, stack, tile } from "./feature-axes.js";
import { groupNorm } from "./group-norm.js";
import { rmsNorm } from "./rms-norm.js";
import { multiHeadAttention } from "./multi-head-attention.js";
import { activation, dense, dropout, embedding, merge, repeat } from "./pointwise.js";
import { positionalEncoding } from "./positional-encoding.js";
import { positionalEmbedding } from "./positional-embedding.js";
import { bidirectional, recurrent } from "./recurrent.js";
import { convolution, pool } from "./windows.js";

/** The equations of every layer; docs/semantics.md. A new layer is one more file and one more line. */
const equations: { readonly [T in LayerSpec["type"]]: Equations<Extract<LayerSpec, { readonly type: T }>> } =
  {
    recurrent,
    bidirectional,
    embedding,
    dense,
    activation,
    dropout,
    layerNorm,
    merge,
    attention,
    crf,
    multiHeadAttention,
    positionalEncoding,
    positionalEmbedding,
    repeat,
    convolution,
    pool,
    batchNorm,
    groupNorm,
    rmsNorm,
    reshape,
    permute,
    slice,
    pad,
    tile,
    stack,
    oneHot,
    reduce,
    reduceTime,
    pickStep,
    toSequence,
    padTime,
    cropTime,
    upsampleTime,
    concatTime,
    transposedConvolution,
  };

/** The values of a layer by its equations. */
export const layerValues = <V>(layer: LayerSpec, context: Context<V>): LayerValues<V> =>
  (equations[layer.type] as Equations<LayerSpec>)(layer, context);
