import { fault, swapGates } from "./break.js";

export const lstmGatesIG = fault(
  "lstm-gates-i-g",
  "gates i and g of an LSTM are exchanged",
  "a weight file read with gates i and g exchanged",
  swapGates("lstm", "ifgo", 0, 2),
);
