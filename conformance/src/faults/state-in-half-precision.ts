import { changeElements, coarse, fault, isState } from "./break.js";

export const stateInHalfPrecision = fault(
  "state-in-half-precision",
  "states are rounded to 16 bits between runs",
  "a cache of states in float16",
  { results: changeElements((value) => coarse(value, 10), isState) },
);
