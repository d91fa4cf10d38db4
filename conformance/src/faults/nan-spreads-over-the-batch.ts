import { changeElements, fault } from "./break.js";

export const nanSpreadsOverTheBatch = fault(
  "nan-spreads-over-the-batch",
  "a NaN in one row spoils every row",
  "masks made by multiplying with 0: 0 times NaN is NaN",
  {
    results: changeElements((value, _k, { data }) =>
      (data as Float32Array).some(Number.isNaN) ? NaN : value,
    ),
  },
);
