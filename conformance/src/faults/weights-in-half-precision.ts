import { changeRecurrent, coarse, fault } from "./break.js";

export const weightsInHalfPrecision = fault(
  "weights-in-half-precision",
  "weights are rounded to 16 bits",
  "engines that store weights as float16 without saying so",
  { weights: changeRecurrent(({ data }) => Float32Array.from(data, (value) => coarse(value, 10))) },
);
