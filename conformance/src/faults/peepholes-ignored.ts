import { changeNamed, fault } from "./break.js";

export const peepholesIgnored = fault(
  "peepholes-ignored",
  "the gates do not see the cell state",
  "ONNX importers that pass over operand P",
  { weights: changeNamed(".peephole", ({ data }) => new Float32Array(data.length)) },
);
