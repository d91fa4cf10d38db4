import { convolution } from "./convolution.js";
import type { OperationSet } from "./operation.js";

/** Convolutions along time by one group; others run as their parts. */
export const convolutionOperations: OperationSet = {
  composites: {
    convolution: {
      claim: {
        inputs: { x: "float32", kernel: "float32", bias: "float32" },
        attrs: { stride: "any", dilation: "any" },
      },
      bind: convolution,
    },
  },
};
