import { changeElements, changeRecurrent, coarse, fault, isState } from "./break.js";

export const weightsInHalfPrecision = fault(
  "weights-in-half-precision",
  "weights are rounded to 16 bits",
  "engines that store weights as float16 without saying so",
  { weights: changeRecurrent(({ data }) => Float32Array.from(data, (value) => coarse(value, 10))) },
);

export const weightsInBfloat16 = fault(
  "weights-in-bfloat16",
  "weights are rounded to 8 bits of mantissa",
  "bfloat16 as the default of a matrix unit",
  { weights: changeRecurrent(({ data }) => Float32Array.from(data, (value) => coarse(value, 7))) },
);

export const halfPrecisionInside = fault(
  "half-precision-inside",
  "results have the precision of 16 bits",
  "WebGL on phones, shader-f16",
  { results: changeElements((value) => coarse(value, 10)) },
);

export const stateInHalfPrecision = fault(
  "state-in-half-precision",
  "states are rounded to 16 bits between runs",
  "a cache of states in float16",
  { results: changeElements((value) => coarse(value, 10), isState) },
);
