/**
 * Whole models out of the files of Keras and TensorFlow.js, and into those of the latter, as models of
 * `@unroll/api/keras`: `@unroll/formats/models`.
 *
 * @module @unroll/formats/models
 */
export { loadModel, type LoadModelOptions } from "./load-model.js";
export { writeTfjs, type WriteTfjsOptions } from "./write-tfjs.js";
