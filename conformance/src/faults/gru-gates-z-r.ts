import { fault, swapGates } from "./break.js";

export const gruGatesZR = fault(
  "gru-gates-z-r",
  "gates z and r of a GRU are exchanged",
  "torch orders r z n, Keras z r h; cuDNN in TensorFlow swaps z and r",
  swapGates("gru", "zrn", 0, 1),
);
