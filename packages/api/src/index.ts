/**
 * The core of Unroll: a spec, and a compiled model with its two faces.
 *
 * @module @unroll/api
 */
export type { Adapter, WeightMap } from "./contract/adapter.js";
export type { Capabilities, CompositeClaim } from "./contract/capabilities.js";
export {
  UnrollError,
  unrollError,
  type Refusal,
  isUnrollError,
  type UnrollErrorCode,
  type UnrollErrorDetails,
} from "./contract/error.js";
export { tensor, type DType, type HostTensor, type Nested } from "./contract/tensor.js";
export { activationNames, type Activation } from "./layers/activations.js";
export type * from "./specification/types.js";
export {
  type CellRead,
  customCell,
  type CustomCellOptions,
  type StepGiven,
  type WholeValue,
} from "./specification/custom-cell.js";
export type { Block, Value } from "./program/builder.js";
export * from "./layers/cells.js";
export * from "./layers/layers.js";
export { input, spec, type SpecParts } from "./specification/build.js";
export type { PrimitiveName } from "./program/primitives.js";
export { validateSpec } from "./specification/validate.js";
export { specWeights, type WeightSpec } from "./specification/weights.js";
export { specState, whyNotSteppable, type StatePartSpec } from "./specification/state.js";
export { compile } from "./model/compile.js";
export type {
  CompileOptions,
  ModelOf,
  ModelSource,
  RunResult,
  SequenceModel,
  SequenceOptions,
  SteppableModel,
} from "./model/faces.js";
export type { Runnable, SignatureInput, SignatureState, SignatureValue } from "./program/runnable.js";
export { State, type SavedStateOptions } from "./model/saved-state.js";
export type { PlainState, StateJson, StateLike } from "./model/state.js";
export type { Stream } from "./model/stream.js";
export {
  type PoolStep,
  type StreamId,
  streamPool,
  type StreamPool,
  type StreamPoolOptions,
} from "./model/stream-pool.js";
export type { InputsLike, TensorLike } from "./model/arguments.js";
export type { Extent } from "./model/row-ends.js";
export type { CtcDecoded } from "./decoding/ctc-decoded.js";
export type { CtcOptions } from "./decoding/ctc-scores.js";
export { ctcGreedyDecode, type CtcGreedyOptions } from "./decoding/ctc-greedy.js";
export { ctcBeamSearchDecode, type CtcBeamSearchOptions } from "./decoding/ctc-beam-search.js";
export { lower, type LowerMode } from "./lowering/lower.js";
export { builtin } from "./builtin/index.js";
