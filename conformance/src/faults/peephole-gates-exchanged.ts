import { changeNamed, fault, gatesInOrder } from "./break.js";

export const peepholeGatesExchanged = fault(
  "peephole-gates-exchanged",
  "the peepholes of the forget and the output gate are exchanged",
  "ONNX orders them i o f",
  { weights: changeNamed(".peephole", (weight) => gatesInOrder(weight, weight.data.length / 3, [0, 2, 1])) },
);
