/** TensorFlow 1's `tf.contrib.seq2seq`: `new seq2seq.LuongAttention(128, memory)`. */
export {
  AttentionMechanism,
  type AttentionMechanismOptions,
  BahdanauAttention,
  type BahdanauAttentionOptions,
  LuongAttention,
  type LuongAttentionOptions,
} from "./attention-mechanisms.js";
export {
  AttentionWrapper,
  type AttentionWrapperOptions,
  type AttentionWrapperParts,
  AttentionWrapperState,
} from "./attention-wrapper.js";
export { BasicDecoder, type BasicDecoderOutput } from "./basic-decoder.js";
export {
  BeamSearchDecoder,
  type BeamSearchDecoderOptions,
  type BeamSearchDecoderOutput,
  type BeamSearchDecoderParts,
  BeamSearchDecoderState,
  type FinalBeamSearchDecoderOutput,
} from "./beam-search-decoder.js";
export { dynamicDecode, type DynamicDecodeOptions } from "./decode.js";
export { Decoder } from "./decoder.js";
export { gatherTree } from "./gather-tree.js";
export {
  type Feeding,
  GreedyEmbeddingHelper,
  type Helper,
  TrainingHelper,
  type TrainingHelperOptions,
} from "./helpers.js";
export { tileBatch } from "./tile-batch.js";
