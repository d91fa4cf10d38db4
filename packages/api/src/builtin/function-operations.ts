import type { CompositeClaim } from "../contract/capabilities.js";
import { unary } from "./map-binder.js";
import type { CompositeOperation, OperationSet } from "./operation.js";
import { logSoftmax, softmax } from "./softmax.js";

const claim: CompositeClaim = { inputs: { x: "float32" } };
const map = (name: string): CompositeOperation => ({ claim, bind: unary(name) });

/** Activations that are composites, softmax among them. */
export const functionOperations: OperationSet = {
  composites: {
    relu: map("relu"),
    hardSigmoidSixth: map("hardSigmoidSixth"),
    hardSigmoidFifth: map("hardSigmoidFifth"),
    softsign: map("softsign"),
    softplus: map("softplus"),
    elu: map("elu"),
    leakyRelu: map("leakyRelu"),
    softmax: { claim, bind: softmax },
    logSoftmax: { claim, bind: logSoftmax },
  },
};
