import { changeAttrs, fault } from "./break.js";

export const hardSigmoidIsSigmoid = fault(
  "hard-sigmoid-is-sigmoid",
  "the hard sigmoid is a sigmoid",
  "TensorFlow.js defaults to hardSigmoid where Keras has sigmoid",
  {
    program: changeAttrs((attrs) =>
      Object.fromEntries(
        Object.entries(attrs).map(([name, value]) => [
          name,
          typeof value === "string" && value.startsWith("hardSigmoid") ? "sigmoid" : value,
        ]),
      ),
    ),
  },
);
