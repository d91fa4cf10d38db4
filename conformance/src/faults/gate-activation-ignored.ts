import { changeAttrs, fault } from "./break.js";

export const gateActivationIgnored = fault(
  "gate-activation-ignored",
  "gates are always sigmoids",
  "cuDNN knows nothing else",
  {
    program: changeAttrs((attrs) =>
      "recurrentActivation" in attrs ? { ...attrs, recurrentActivation: "sigmoid" } : attrs,
    ),
  },
);
