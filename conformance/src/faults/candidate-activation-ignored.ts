import { changeAttrs, fault } from "./break.js";

export const candidateActivationIgnored = fault(
  "candidate-activation-ignored",
  "the candidate is always a tanh",
  "fused kernels that know one activation",
  { program: changeAttrs((attrs) => ("activation" in attrs ? { ...attrs, activation: "tanh" } : attrs)) },
);
