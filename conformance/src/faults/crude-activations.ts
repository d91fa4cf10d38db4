import { changeElements, fault } from "./break.js";

export const crudeActivations = fault(
  "crude-activations",
  "results are off by a ten-thousandth",
  "fast tanh and sigmoid approximations",
  { results: changeElements((value, k) => value + 1e-4 * Math.sin(37 * value + k)) },
);
