import { changeRecurrent, fault } from "./break.js";

export const biasesDoubled = fault(
  "biases-doubled",
  "every bias counts twice",
  "one bias copied into both places of ONNX",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role.endsWith("Bias") ? Float32Array.from(data, (value) => 2 * value) : null,
    ),
  },
);
