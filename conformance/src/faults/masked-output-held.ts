import { changeAttrs, fault } from "./break.js";

export const maskedOutputHeld = fault(
  "masked-output-held",
  "a masked step holds the output where it should be zero",
  "Keras semantics under a torch model",
  { program: changeAttrs((attrs) => ("maskedOutput" in attrs ? { ...attrs, maskedOutput: "hold" } : attrs)) },
);
