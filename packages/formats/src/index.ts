export { readInitializers } from "./onnx-initializers.js";
