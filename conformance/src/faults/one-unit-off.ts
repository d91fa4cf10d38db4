import { changeRecurrent, fault } from "./break.js";

export const oneUnitOff = fault(
  "one-unit-off",
  "the recurrent kernel is shifted by one unit",
  "off-by-one in a packed layout",
  {
    weights: changeRecurrent(({ data, shape }, { role }) =>
      role === "recurrentKernel"
        ? Float32Array.from(data, (_, k) => data[(k + shape[1]!) % data.length]!)
        : null,
    ),
  },
);
