/**
 * Trained models out of the files that they are saved in: `@unroll/formats`.
 *
 * @module @unroll/formats
 */
export { readInitializers } from "./onnx-initializers.js";
export {
  importOnnx,
  type ImportOnnxOptions,
  OnnxModel,
  type OnnxStepped,
  type OnnxTensors,
  type OnnxValue,
} from "./onnx/import-onnx.js";
export { onnxOperators } from "./onnx/operators.js";
export { type OnnxState } from "./onnx/states.js";
export { type FileSource, type Progress } from "./source.js";
export { type Tensors } from "./tensors.js";
export { readNpy, readNpz } from "./numpy.js";
export { writeNpz } from "./write-numpy.js";
export { type PyTorchOptions, readPyTorch } from "./pytorch.js";
export { type KerasFile, type KerasForm, readKeras } from "./keras.js";
export { readTfjs, type Shards, type TfjsFile } from "./tfjs.js";
export {
  type ReadOptions,
  readWeights,
  type WeightsFile,
  type WeightsFormat,
  weightsFormats,
} from "./read-weights.js";
