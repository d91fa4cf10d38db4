/**
 * PyTorch's names and call shapes over a spec: `@unroll/api/torch`.
 *
 * @module @unroll/api/torch
 */
export * as nn from "./nn.js";
export * as F from "./functional.js";
export { cat } from "./functional.js";
export { CRF } from "./crf.js";
export { packPaddedSequence, padPackedSequence, PackedSequence, type Lengths } from "./packed.js";
export type { LoadResult, StateDict } from "./module.js";
export type { CellOptions } from "./cell-modules.js";
export type { AttendOptions, MultiheadAttentionOptions } from "./multihead-attention.js";
export type { BatchNormOptions, GroupNormOptions, LayerNormOptions, RmsNormOptions } from "./norms.js";
export type { LstmOptions, RecurrentOptions, RnnOptions } from "./recurrent-modules.js";
export type {
  Hidden,
  SymbolicState,
  SymbolicTags,
  SymbolicTensor,
  SymbolicTensor as Tensor,
  SymbolicWeights,
} from "./symbolic.js";
export type { RunArgument, RunArguments, RunResult } from "./values.js";
export { tensor, type HostTensor } from "../contract/tensor.js";
