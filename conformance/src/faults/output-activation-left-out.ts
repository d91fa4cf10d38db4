import { changeAttrs, fault } from "./break.js";

export const outputActivationLeftOut = fault(
  "output-activation-left-out",
  "an LSTM puts out o times c, without the tanh",
  "the third activation of ONNX forgotten",
  {
    program: changeAttrs((attrs) =>
      "outputActivation" in attrs ? { ...attrs, outputActivation: "linear" } : attrs,
    ),
  },
);
