import { changeElements, coarse, fault } from "./break.js";

export const halfPrecisionInside = fault(
  "half-precision-inside",
  "results have the precision of 16 bits",
  "WebGL on phones, shader-f16",
  { results: changeElements((value) => coarse(value, 10)) },
);
