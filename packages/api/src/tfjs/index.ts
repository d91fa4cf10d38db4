/**
 * TensorFlow.js's layers API over a spec, with its names, arguments, defaults and numbers:
 * `import * as tf from "@unroll/api/tfjs"`. Models are given weights, compiled for an engine and asked with
 * `await`, as those of `@unroll/api/keras`.
 *
 * One thing is not copied: TensorFlow.js 4.22 hands a mask on to every layer that runs later and has none of
 * its own (`engine/executor.ts` keeps it in the arguments of the next call), whatever its steps are. Here a
 * mask ends where Keras ends it.
 *
 * @module @unroll/api/tfjs
 */
export * as layers from "./layers.js";
export { input, type InputArgs } from "./input.js";
export type { Applied, ApplyOptions, KerasTensor, Layer } from "../keras/layer.js";
export type { ForeignTensor, GivenMasks, KerasInput, KerasInputs } from "../keras/feeds.js";
export {
  model,
  type KerasModel,
  type LayerPlace,
  type ModelOptions,
  type PredictOptions,
} from "../keras/keras-model.js";
export type { CustomObject, CustomObjects, ModelFromJsonOptions } from "../keras/model-from-json.js";
export { modelFromJson } from "./model-from-json.js";
export { type TfjsModelJson, type TfjsObject, toJson } from "./to-json.js";
export { sequential, type Sequential, type SequentialOptions } from "../keras/sequential.js";
export { tensor, type HostTensor } from "../contract/tensor.js";
