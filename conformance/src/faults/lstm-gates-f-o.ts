import { fault, swapGates } from "./break.js";

export const lstmGatesFO = fault(
  "lstm-gates-f-o",
  "gates f and o of an LSTM are exchanged",
  "ONNX orders i o f c",
  swapGates("lstm", "ifgo", 1, 3),
);
