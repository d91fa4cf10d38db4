/**
 * Weights in and out: files and the names and layouts of other frameworks. `@unroll/api/weights`.
 *
 * @module @unroll/api/weights
 */
export { readSafetensors, writeSafetensors, type Safetensors } from "./formats/safetensors.js";
export {
  type AnyTensor,
  type NamedTensor,
  roundingError,
  type StoredArray,
  type StoredDType,
  toFloat32,
  toHalf,
} from "./formats/named-tensor.js";
export { float32ToHalf, type HalfFormat, halfToFloat32 } from "./formats/half.js";
export type { Converted, ForeignWeights, WeightLoss } from "./dialects/convert.js";
export { fromTorch, torchBindings, toTorch, type TorchBinding } from "./dialects/torch/index.js";
export {
  fromKeras,
  kerasBindings,
  kerasWeights,
  toKeras,
  type KerasBinding,
} from "./dialects/keras/index.js";
export { fromOnnx, onnxBindings, toOnnx, type OnnxBinding } from "./dialects/onnx/index.js";
export { fromTf1, tf1Bindings, toTf1, type Tf1Binding } from "./dialects/tf1/index.js";
export { specWeights, type WeightSpec } from "./specification/weights.js";
