import { changeRecurrent, fault } from "./break.js";

export const inputBiasDropped = fault(
  "input-bias-dropped",
  "the first bias is left out",
  "importers that read bias_hh alone",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "inputBias" ? new Float32Array(data.length) : null,
    ),
  },
);
