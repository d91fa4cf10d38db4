/**
 * Keras's names and call shapes over a spec, in camelCase: `@unroll/api/keras`.
 *
 * @module @unroll/api/keras
 */
export * as layers from "./layers.js";
export { input, input as Input, type InputOptions } from "./input.js";
export type { Applied, ApplyOptions, KerasTensor, Layer, LayerOptions } from "./layer.js";
export type { ForeignTensor, GivenMasks, KerasInput, KerasInputs } from "./feeds.js";
export {
  model,
  type KerasModel,
  type LayerPlace,
  type ModelOptions,
  type PredictOptions,
} from "./keras-model.js";
export {
  type CustomObject,
  type CustomObjects,
  modelFromJson,
  type ModelFromJsonOptions,
} from "./model-from-json.js";
export type { SummaryOptions } from "./summary.js";
export type { TrainingOptions } from "./training-options.js";
export { sequential, type Sequential, type SequentialOptions } from "./sequential.js";
export { tensor, type HostTensor } from "../contract/tensor.js";
