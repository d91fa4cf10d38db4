/**
 * Keras's names and call shapes over a spec, in camelCase: `@unroll/api/keras`.
 *
 * @module @unroll/api/keras
 */
export * as layers from "./layers.js";
export { input, type InputOptions } from "./input.js";
export type { Applied, ApplyOptions, KerasTensor, Layer, LayerOptions } from "./layer.js";
export {
  model,
  type KerasInputs,
  type KerasModel,
  type ModelOptions,
  type PredictOptions,
} from "./keras-model.js";
export { sequential, type Sequential, type SequentialOptions } from "./sequential.js";
export { tensor, type HostTensor } from "../contract/tensor.js";
