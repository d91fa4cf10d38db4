import { fault, swapGates } from "./break.js";

export const lstmGatesGO = fault(
  "lstm-gates-g-o",
  "gates g and o of an LSTM are exchanged",
  "MIOpen wants i f o c where cuDNN has i f c o",
  swapGates("lstm", "ifgo", 2, 3),
);
