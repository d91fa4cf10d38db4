import { changeRecurrent, fault } from "./break.js";

export const lastUnitDropped = fault(
  "last-unit-dropped",
  "the last unit is left out of the recurrence",
  "a vector loop without its tail",
  {
    weights: changeRecurrent(({ data, shape }, { role, units }) =>
      role === "recurrentKernel"
        ? Float32Array.from(data, (value, k) => (Math.floor(k / shape[1]!) === units - 1 ? 0 : value))
        : null,
    ),
  },
);
