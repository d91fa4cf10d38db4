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
export { BeamSearchDecoder } from "./beam-search.js";
export { BasicDecoder, type BasicDecoderOutput, dynamicDecode, type DynamicDecodeOptions } from "./decode.js";
export {
  type Feeding,
  GreedyEmbeddingHelper,
  type Helper,
  TrainingHelper,
  type TrainingHelperOptions,
} from "./helpers.js";
