import { changeAttrs, fault } from "./break.js";

export const maskedOutputZeroed = fault(
  "masked-output-zeroed",
  "a masked step puts out zeros where it should hold",
  "torch and ONNX zero, Keras holds",
  { program: changeAttrs((attrs) => ("maskedOutput" in attrs ? { ...attrs, maskedOutput: "zero" } : attrs)) },
);
