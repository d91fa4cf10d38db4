import { fault, swapGates } from "./break.js";

export const lstmGatesIF = fault(
  "lstm-gates-i-f",
  "gates i and f of an LSTM are exchanged",
  "Keras i f c o read as f i c o",
  swapGates("lstm", "ifgo", 0, 1),
);
