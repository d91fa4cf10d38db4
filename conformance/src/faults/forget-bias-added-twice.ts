import { changeRecurrent, fault } from "./break.js";

export const forgetBiasAddedTwice = fault(
  "forget-bias-added-twice",
  "1 is added to the forget gate, although the weights hold it",
  "TensorFlow 1 BasicLSTMCell adds forget_bias when it runs, Keras when it initialises",
  {
    weights: changeRecurrent(({ data }, { kind, role, units }) =>
      kind === "lstm" && role === "inputBias"
        ? Float32Array.from(data, (value, k) => (Math.floor(k / units) === 1 ? value + 1 : value))
        : null,
    ),
  },
);
