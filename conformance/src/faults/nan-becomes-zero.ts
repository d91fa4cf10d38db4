import { changeElements, fault } from "./break.js";

export const nanBecomesZero = fault(
  "nan-becomes-zero",
  "a NaN comes out as 0",
  "onnxruntime's fused LSTM clips its gates; Relu and ClipByValue of tfjs wasm",
  { results: changeElements((value) => (Number.isNaN(value) ? 0 : value)) },
);
