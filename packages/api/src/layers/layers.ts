import { activationDefinition, type ActivationSpec } from "./activation.js";
import { attentionDefinition, type AttentionSpec } from "./attention.js";
import { bidirectionalDefinition, type BidirectionalSpec } from "./bidirectional.js";
import { denseDefinition, type DenseSpec } from "./dense.js";
import type { LayerDefinition } from "./definition.js";
import { dropoutDefinition, type DropoutSpec } from "./dropout.js";
import { embeddingDefinition, type EmbeddingSpec } from "./embedding.js";
import { mergeDefinition, type MergeSpec } from "./merge.js";
import { recurrentDefinition, type RecurrentSpec } from "./recurrent.js";
import { repeatDefinition, type RepeatSpec } from "./repeat.js";

export type LayerSpec =
  | RecurrentSpec
  | BidirectionalSpec
  | EmbeddingSpec
  | DenseSpec
  | ActivationSpec
  | DropoutSpec
  | MergeSpec
  | AttentionSpec
  | RepeatSpec;

/** Every layer there is, by type. A new one is a file beside this, and a line in the union and here. */
export const layers = {
  recurrent: recurrentDefinition,
  bidirectional: bidirectionalDefinition,
  embedding: embeddingDefinition,
  dense: denseDefinition,
  activation: activationDefinition,
  dropout: dropoutDefinition,
  merge: mergeDefinition,
  attention: attentionDefinition,
  repeat: repeatDefinition,
} as const satisfies { readonly [T in LayerSpec["type"]]: LayerDefinition<Extract<LayerSpec, { type: T }>> };
