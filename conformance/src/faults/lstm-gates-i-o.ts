import { fault, swapGates } from "./break.js";

export const lstmGatesIO = fault(
  "lstm-gates-i-o",
  "gates i and o of an LSTM are exchanged",
  "an importer that takes i o f c of ONNX for i f c o",
  swapGates("lstm", "ifgo", 0, 3),
);
