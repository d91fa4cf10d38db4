import { fault, swapGates } from "./break.js";

export const gruGatesZN = fault(
  "gru-gates-z-n",
  "gates z and n of a GRU are exchanged",
  "an importer that reads the candidate first",
  swapGates("gru", "zrn", 0, 2),
);
