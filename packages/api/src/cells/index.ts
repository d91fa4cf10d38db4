/**
 * Cells beyond SimpleRNN, LSTM and GRU, each a custom cell, and what it takes to write one:
 * `@unroll/api/cells`.
 *
 * @module @unroll/api/cells
 */
export { customCell, type CustomCellOptions } from "../specification/custom-cell.js";
export { type Block, type Value } from "../program/builder.js";
export { activate, activationNames, type Activation } from "../layers/activations.js";
export { type AttentionDecoderOptions, bahdanauDecoderCell, luongDecoderCell } from "./attention-decoders.js";
export { onnxCell, type OnnxActivation, type OnnxCellOptions } from "./onnx.js";
export { recurrentHighwayCell, type RecurrentHighwayOptions } from "./recurrent-highway.js";
export { hiddenMarkovCell } from "./hidden-markov.js";
export { minimalGatedCell } from "./minimal-gated.js";
export { layerNormLstmCell, type LayerNormLstmOptions } from "./layer-norm-lstm.js";
