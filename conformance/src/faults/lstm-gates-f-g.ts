import { fault, swapGates } from "./break.js";

export const lstmGatesFG = fault(
  "lstm-gates-f-g",
  "gates f and g of an LSTM are exchanged",
  "CNTK and MIOpen order i f o c, ROCm builds of TensorFlow",
  swapGates("lstm", "ifgo", 1, 2),
);
