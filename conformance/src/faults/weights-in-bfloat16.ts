import { changeRecurrent, coarse, fault } from "./break.js";

export const weightsInBfloat16 = fault(
  "weights-in-bfloat16",
  "weights are rounded to 8 bits of mantissa",
  "bfloat16 as the default of a matrix unit",
  { weights: changeRecurrent(({ data }) => Float32Array.from(data, (value) => coarse(value, 7))) },
);
