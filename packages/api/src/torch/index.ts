/**
 * PyTorch's names and call shapes, on tensors that compute at once and over a spec: `@unroll/api/torch`.
 *
 * @module @unroll/api/torch
 */
export * as nn from "./nn.js";
export * as F from "./functional.js";
export { cat } from "./functional.js";
export {
  abs,
  argmax,
  bmm,
  cos,
  einsum,
  exp,
  flatten,
  flip,
  log,
  matmul,
  max,
  mean,
  mm,
  relu,
  sigmoid,
  sin,
  softmax,
  sqrt,
  squeeze,
  stack,
  sum,
  tanh,
  topk,
  transpose,
  unsqueeze,
} from "./tensor/functions.js";
export {
  add,
  all,
  amax,
  amin,
  any,
  argmin,
  argsort,
  ceil,
  chunk,
  clamp,
  cumsum,
  div,
  dot,
  eq,
  floor,
  gather,
  ge,
  gt,
  indexSelect,
  isfinite,
  isinf,
  isnan,
  le,
  logSoftmax,
  logicalAnd,
  logicalNot,
  logicalOr,
  logsumexp,
  lt,
  maskedFill,
  maximum,
  min,
  minimum,
  mul,
  mv,
  narrow,
  ne,
  neg,
  norm,
  permute,
  pow,
  prod,
  reciprocal,
  reshape,
  roll,
  round,
  rsqrt,
  select,
  sign,
  sort,
  split,
  square,
  sub,
  tril,
  triu,
  trunc,
  unbind,
} from "./tensor/functions.js";
export {
  arange,
  type CreationOptions,
  empty,
  eye,
  full,
  fullLike,
  linspace,
  manualSeed,
  multinomial,
  ones,
  onesLike,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
  type SizesAndOptions,
  tensor,
  zeros,
  zerosLike,
} from "./tensor/creation.js";
export {
  type Along,
  type DimAndKeep,
  type Index,
  type NestedValues,
  type Operand,
  type Ran,
  type Sizes,
  Tensor,
  where,
} from "./tensor/tensor.js";
export { erf } from "./tensor/formulas.js";
export type { DTypeName } from "./tensor/dtypes.js";
export { CRF } from "./crf.js";
export type { TracedProgram } from "./execute-traced.js";
export type { Captured } from "./tracer.js";
export {
  callProgram,
  type ProgramOfTensors,
  programOfTensors,
  scanProgram,
  type ScanOfTensors,
} from "./programs.js";
export { packPaddedSequence, padPackedSequence, PackedSequence, type Lengths } from "./packed.js";
export type { NumbersOr } from "./arguments.js";
export type { AttentionOptions, Mask } from "./attention.js";
export type { OutputSize } from "./adaptive-pools.js";
export type { CtcOptions } from "./ctc.js";
export type { CrossEntropyOptions, NllOptions } from "./class-losses.js";
export type { AvgPool2dOptions, Conv2dOptions, Pair, Pool2dOptions } from "./images.js";
export type {
  FanMode,
  GainOptions,
  KaimingOptions,
  Nonlinearity,
  NormalOptions,
  SparseOptions,
  UniformOptions,
} from "./init.js";
export type {
  BceLogitsOptions,
  BceOptions,
  HuberOptions,
  KlDivOptions,
  LossOptions,
  Reduction,
  SmoothL1Options,
} from "./losses.js";
export type { EmbeddingOptions, PretrainedOptions } from "./layers.js";
export type { PadMode, Pads } from "./pads.js";
export type {
  HardtanhOptions,
  PreluOptions,
  RreluOptions,
  ShrinkOptions,
  ThresholdOptions,
} from "./piecewise.js";
export type { PadSequenceOptions } from "./rnn-utils.js";
export type { SpectralNormOptions } from "./reparametrised.js";
export type { CeluOptions, GeluOptions } from "./smooth.js";
export type { TransformOptions, TransformerOptions } from "./transformer.js";
export type { DecodeOptions, EncodeOptions, TransformerLayerOptions } from "./transformer-layers.js";
export type { ConvTransposeOptions } from "./transposed.js";
export type { LoadResult, StateDict } from "./state-dict.js";
export type { CellOptions } from "./cell-modules.js";
export type { AttendOptions, MultiheadAttentionOptions } from "./multihead-attention.js";
export type { BatchNormOptions, GroupNormOptions, LayerNormOptions, RmsNormOptions } from "./norms.js";
export type { LstmOptions, RecurrentOptions, RnnOptions } from "./recurrent-modules.js";
export type { Hidden, SymbolicState, SymbolicTags, SymbolicTensor, SymbolicWeights } from "./symbolic.js";
export type { CallArgument, CallArguments, RunArgument, RunArguments, RunResult } from "./values.js";
export type { HostTensor } from "../contract/tensor.js";
