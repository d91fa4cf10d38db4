import { changeRecurrent, fault } from "./break.js";

export const recurrentBiasDropped = fault(
  "recurrent-bias-dropped",
  "the second bias is left out",
  "tfjs-layers has one bias where Keras has two",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "recurrentBias" ? new Float32Array(data.length) : null,
    ),
  },
);
