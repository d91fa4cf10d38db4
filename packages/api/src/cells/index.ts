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
export {
  onnxActivations,
  onnxDefaultActivations,
  type OnnxOperator,
  onnxOperatorSpec,
  onnxWeightsSpec,
} from "./onnx-operator.js";
export { recurrentHighwayCell, type RecurrentHighwayOptions } from "./recurrent-highway.js";
export { hiddenMarkovCell } from "./hidden-markov.js";
export { minimalGatedCell } from "./minimal-gated.js";
export { layerNormLstmCell, type LayerNormLstmOptions } from "./layer-norm-lstm.js";
export { coupledGateLstmCell } from "./coupled-gate-lstm.js";
export { convLstmCell, type ConvLstmOptions } from "./conv-lstm.js";
export { diagonalStateSpaceCell } from "./diagonal-state-space.js";
export { highwayCell } from "./highway.js";
export { indRnnCell, type IndRnnOptions } from "./ind-rnn.js";
export { lruCell } from "./lru.js";
export { mambaCell, type MambaOptions } from "./mamba.js";
export { minGruCell, type MinimalRecurrenceOptions } from "./min-gru.js";
export { minLstmCell } from "./min-lstm.js";
export { mLstmCell, type MLstmOptions } from "./m-lstm.js";
export { nestedLstmCell } from "./nested-lstm.js";
export { phasedLstmCell, type PhasedLstmOptions } from "./phased-lstm.js";
export { qrnnPoolingCell, type QrnnPoolingOptions } from "./qrnn-pooling.js";
export { residualCell } from "./residual.js";
export { rwkvChannelMixingCell, type RwkvChannelMixingOptions } from "./rwkv-channel-mixing.js";
export { rwkvTimeMixingCell, type RwkvTimeMixingOptions } from "./rwkv-time-mixing.js";
export { selectiveScanCell, type SelectiveScanOptions } from "./selective-scan.js";
export { sLstmCell, type SLstmOptions } from "./s-lstm.js";
export { sruCell, type SruOptions } from "./sru.js";
export { zoneoutCell } from "./zoneout.js";
export { windowCell, type WindowOptions } from "./window.js";
