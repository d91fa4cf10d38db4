import { changeRecurrent, fault } from "./break.js";

export const gruKeepsOneMinusZ = fault(
  "gru-keeps-one-minus-z",
  "a GRU keeps 1 - z of the old state instead of z",
  "the two conventions of the GRU papers of 2014",
  {
    weights: changeRecurrent(({ shape, data }, { kind, units, role }) => {
      const columns = shape[shape.length - 1]!;
      // The sigmoid of -a is 1 minus that of a.
      return kind === "gru" && role !== "x"
        ? Float32Array.from(data, (value, k) => (k % columns < units ? -value : value))
        : null;
    }),
  },
);
