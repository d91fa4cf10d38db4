import { fault, swapGates } from "./break.js";

export const gruGatesRN = fault(
  "gru-gates-r-n",
  "gates r and n of a GRU are exchanged",
  "an importer that reads z n r",
  swapGates("gru", "zrn", 1, 2),
);
