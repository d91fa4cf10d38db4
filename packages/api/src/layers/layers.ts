import { activationDefinition, type ActivationSpec } from "./activation.js";
import { attentionDefinition, type AttentionSpec } from "./attention.js";
import { convolutionDefinition, type ConvolutionSpec } from "./convolution.js";
import { bidirectionalDefinition, type BidirectionalSpec } from "./bidirectional.js";
import { crfDefinition, type CrfSpec } from "./crf.js";
import { denseDefinition, type DenseSpec } from "./dense.js";
import type { LayerDefinition } from "./definition.js";
import { dropoutDefinition, type DropoutSpec } from "./dropout.js";
import { embeddingDefinition, type EmbeddingSpec } from "./embedding.js";
import { layerNormDefinition, type LayerNormSpec } from "./layer-norm.js";
import { mergeDefinition, type MergeSpec } from "./merge.js";
import { poolDefinition, type PoolSpec } from "./pool.js";
import { multiHeadAttentionDefinition, type MultiHeadAttentionSpec } from "./multi-head-attention.js";
import { positionalEncodingDefinition, type PositionalEncodingSpec } from "./positional-encoding.js";
import { positionalEmbeddingDefinition, type PositionalEmbeddingSpec } from "./positional-embedding.js";
import { recurrentDefinition, type RecurrentSpec } from "./recurrent.js";
import { repeatDefinition, type RepeatSpec } from "./repeat.js";
import { batchNormDefinition, type BatchNormSpec } from "./batch-norm.js";
import { groupNormDefinition, type GroupNormSpec } from "./group-norm.js";
import { rmsNormDefinition, type RmsNormSpec } from "./rms-norm.js";
import { reshapeDefinition, type ReshapeSpec } from "./reshape.js";
import { permuteDefinition, type PermuteSpec } from "./permute.js";
import { sliceDefinition, type SliceSpec } from "./slice.js";
import { padDefinition, type PadSpec } from "./pad.js";
import { tileDefinition, type TileSpec } from "./tile.js";
import { stackDefinition, type StackSpec } from "./stack.js";
import { oneHotDefinition, type OneHotSpec } from "./one-hot.js";
import { reduceDefinition, type ReduceSpec } from "./reduce.js";
import { reduceTimeDefinition, type ReduceTimeSpec } from "./reduce-time.js";
import { pickStepDefinition, type PickStepSpec } from "./pick-step.js";
import { toSequenceDefinition, type ToSequenceSpec } from "./to-sequence.js";
import { padTimeDefinition, type PadTimeSpec } from "./pad-time.js";
import { cropTimeDefinition, type CropTimeSpec } from "./crop-time.js";
import { upsampleTimeDefinition, type UpsampleTimeSpec } from "./upsample-time.js";
import { concatTimeDefinition, type ConcatTimeSpec } from "./concat-time.js";
import { transposedConvolutionDefinition, type TransposedConvolutionSpec } from "./transposed-convolution.js";

export { activation, activationDefinition, type ActivationSpec } from "./activation.js";
export { attention, attentionDefinition, type AttentionSpec } from "./attention.js";
export { bidirectional, bidirectionalDefinition, type BidirectionalSpec } from "./bidirectional.js";
export { convolution, convolutionDefinition, type ConvolutionSpec } from "./convolution.js";
export { crf, crfDefinition, type CrfSpec } from "./crf.js";
export { dense, denseDefinition, type DenseSpec } from "./dense.js";
export { dropout, dropoutDefinition, type DropoutSpec } from "./dropout.js";
export { embedding, embeddingDefinition, type EmbeddingSpec } from "./embedding.js";
export { layerNorm, layerNormDefinition, type LayerNormSpec } from "./layer-norm.js";
export { merge, mergeDefinition, type MergeSpec } from "./merge.js";
export { pool, poolDefinition, type PoolSpec } from "./pool.js";
export {
  multiHeadAttention,
  multiHeadAttentionDefinition,
  type MultiHeadAttentionSpec,
} from "./multi-head-attention.js";
export {
  positionalEncoding,
  positionalEncodingDefinition,
  type PositionalEncodingSpec,
} from "./positional-encoding.js";
export {
  positionalEmbedding,
  positionalEmbeddingDefinition,
  type PositionalEmbeddingSpec,
} from "./positional-embedding.js";
export { recurrent, recurrentDefinition, type RecurrentSpec } from "./recurrent.js";
export { repeat, repeatDefinition, type RepeatSpec } from "./repeat.js";
export { batchNorm, batchNormDefinition, type BatchNormSpec } from "./batch-norm.js";
export { groupNorm, groupNormDefinition, type GroupNormSpec } from "./group-norm.js";
export { rmsNorm, rmsNormDefinition, type RmsNormSpec } from "./rms-norm.js";
export { reshape, reshapeDefinition, type ReshapeSpec } from "./reshape.js";
export { permute, permuteDefinition, type PermuteSpec } from "./permute.js";
export { slice, sliceDefinition, type SliceSpec } from "./slice.js";
export { pad, padDefinition, type PadSpec } from "./pad.js";
export { tile, tileDefinition, type TileSpec } from "./tile.js";
export { stack, stackDefinition, type StackSpec } from "./stack.js";
export { oneHot, oneHotDefinition, type OneHotSpec } from "./one-hot.js";
export { reduce, reduceDefinition, type ReduceSpec } from "./reduce.js";
export { reduceTime, reduceTimeDefinition, type ReduceTimeSpec } from "./reduce-time.js";
export { pickStep, pickStepDefinition, type PickStepSpec } from "./pick-step.js";
export { toSequence, toSequenceDefinition, type ToSequenceSpec } from "./to-sequence.js";
export { padTime, padTimeDefinition, type PadTimeSpec } from "./pad-time.js";
export { cropTime, cropTimeDefinition, type CropTimeSpec } from "./crop-time.js";
export { upsampleTime, upsampleTimeDefinition, type UpsampleTimeSpec } from "./upsample-time.js";
export { concatTime, concatTimeDefinition, type ConcatTimeSpec } from "./concat-time.js";
export {
  transposedConvolution,
  transposedConvolutionDefinition,
  type TransposedConvolutionSpec,
} from "./transposed-convolution.js";

/** Any layer of a spec; `type` tells which. */
export type LayerSpec =
  | ActivationSpec
  | AttentionSpec
  | BidirectionalSpec
  | ConvolutionSpec
  | CrfSpec
  | DenseSpec
  | DropoutSpec
  | EmbeddingSpec
  | LayerNormSpec
  | MergeSpec
  | PoolSpec
  | MultiHeadAttentionSpec
  | PositionalEncodingSpec
  | PositionalEmbeddingSpec
  | RecurrentSpec
  | RepeatSpec
  | BatchNormSpec
  | GroupNormSpec
  | RmsNormSpec
  | ReshapeSpec
  | PermuteSpec
  | SliceSpec
  | PadSpec
  | TileSpec
  | StackSpec
  | OneHotSpec
  | ReduceSpec
  | ReduceTimeSpec
  | PickStepSpec
  | ToSequenceSpec
  | PadTimeSpec
  | CropTimeSpec
  | UpsampleTimeSpec
  | ConcatTimeSpec
  | TransposedConvolutionSpec;

/** Every layer there is, by type. A new one is a file beside this, and its lines here. */
export const layerDefinitions = {
  activation: activationDefinition,
  attention: attentionDefinition,
  bidirectional: bidirectionalDefinition,
  convolution: convolutionDefinition,
  crf: crfDefinition,
  dense: denseDefinition,
  dropout: dropoutDefinition,
  embedding: embeddingDefinition,
  layerNorm: layerNormDefinition,
  merge: mergeDefinition,
  pool: poolDefinition,
  multiHeadAttention: multiHeadAttentionDefinition,
  positionalEncoding: positionalEncodingDefinition,
  positionalEmbedding: positionalEmbeddingDefinition,
  recurrent: recurrentDefinition,
  repeat: repeatDefinition,
  batchNorm: batchNormDefinition,
  groupNorm: groupNormDefinition,
  rmsNorm: rmsNormDefinition,
  reshape: reshapeDefinition,
  permute: permuteDefinition,
  slice: sliceDefinition,
  pad: padDefinition,
  tile: tileDefinition,
  stack: stackDefinition,
  oneHot: oneHotDefinition,
  reduce: reduceDefinition,
  reduceTime: reduceTimeDefinition,
  pickStep: pickStepDefinition,
  toSequence: toSequenceDefinition,
  padTime: padTimeDefinition,
  cropTime: cropTimeDefinition,
  upsampleTime: upsampleTimeDefinition,
  concatTime: concatTimeDefinition,
  transposedConvolution: transposedConvolutionDefinition,
} as const satisfies { readonly [T in LayerSpec["type"]]: LayerDefinition<Extract<LayerSpec, { type: T }>> };
