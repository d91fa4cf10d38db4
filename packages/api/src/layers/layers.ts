import { activationDefinition, type ActivationSpec } from "./activation.js";
import { attentionDefinition, type AttentionSpec } from "./attention.js";
import { bidirectionalDefinition, type BidirectionalSpec } from "./bidirectional.js";
import { crfDefinition, type CrfSpec } from "./crf.js";
import { denseDefinition, type DenseSpec } from "./dense.js";
import type { LayerDefinition } from "./definition.js";
import { dropoutDefinition, type DropoutSpec } from "./dropout.js";
import { embeddingDefinition, type EmbeddingSpec } from "./embedding.js";
import { layerNormDefinition, type LayerNormSpec } from "./layer-norm.js";
import { mergeDefinition, type MergeSpec } from "./merge.js";
import { multiHeadAttentionDefinition, type MultiHeadAttentionSpec } from "./multi-head-attention.js";
import { positionalEncodingDefinition, type PositionalEncodingSpec } from "./positional-encoding.js";
import { recurrentDefinition, type RecurrentSpec } from "./recurrent.js";
import { repeatDefinition, type RepeatSpec } from "./repeat.js";

export { activation, activationDefinition, type ActivationSpec } from "./activation.js";
export { attention, attentionDefinition, type AttentionSpec } from "./attention.js";
export { bidirectional, bidirectionalDefinition, type BidirectionalSpec } from "./bidirectional.js";
export { crf, crfDefinition, type CrfSpec } from "./crf.js";
export { dense, denseDefinition, type DenseSpec } from "./dense.js";
export { dropout, dropoutDefinition, type DropoutSpec } from "./dropout.js";
export { embedding, embeddingDefinition, type EmbeddingSpec } from "./embedding.js";
export { layerNorm, layerNormDefinition, type LayerNormSpec } from "./layer-norm.js";
export { merge, mergeDefinition, type MergeSpec } from "./merge.js";
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
export { recurrent, recurrentDefinition, type RecurrentSpec } from "./recurrent.js";
export { repeat, repeatDefinition, type RepeatSpec } from "./repeat.js";

/** Any layer of a spec; `type` tells which. */
export type LayerSpec =
  | ActivationSpec
  | AttentionSpec
  | BidirectionalSpec
  | CrfSpec
  | DenseSpec
  | DropoutSpec
  | EmbeddingSpec
  | LayerNormSpec
  | MergeSpec
  | MultiHeadAttentionSpec
  | PositionalEncodingSpec
  | RecurrentSpec
  | RepeatSpec;

/** Every layer there is, by type. A new one is a file beside this, and its lines here. */
export const layerDefinitions = {
  activation: activationDefinition,
  attention: attentionDefinition,
  bidirectional: bidirectionalDefinition,
  crf: crfDefinition,
  dense: denseDefinition,
  dropout: dropoutDefinition,
  embedding: embeddingDefinition,
  layerNorm: layerNormDefinition,
  merge: mergeDefinition,
  multiHeadAttention: multiHeadAttentionDefinition,
  positionalEncoding: positionalEncodingDefinition,
  recurrent: recurrentDefinition,
  repeat: repeatDefinition,
} as const satisfies { readonly [T in LayerSpec["type"]]: LayerDefinition<Extract<LayerSpec, { type: T }>> };
