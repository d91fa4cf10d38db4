import { changeRecurrent, fault } from "./break.js";

export const recurrenceLeftOut = fault(
  "recurrence-left-out",
  "the recurrent kernel is not used",
  "a layer that runs as if it were dense",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "recurrentKernel" ? new Float32Array(data.length) : null,
    ),
  },
);
