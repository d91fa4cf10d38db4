import { changeNamed, fault } from "./break.js";

export const projectionRowsShifted = fault(
  "projection-rows-shifted",
  "the projection takes the unit beside the one it should",
  "a packed layout whose rows were padded",
  {
    weights: changeNamed(".projectionKernel", ({ shape, data }) =>
      Float32Array.from(data, (_, k) => data[(k + shape[1]!) % data.length]!),
    ),
  },
);
