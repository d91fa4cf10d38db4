import { attention } from "./attention.js";
import type { OperationSet } from "./operation.js";

/** Attention by a product, with or without weights of its own: what other scores make runs as its parts. */
export const attentionOperations: OperationSet = {
  composites: {
    attention: {
      claim: {
        inputs: {
          query: "float32",
          key: "float32",
          value: "float32",
          keyMask: "bool",
          queryMask: "bool",
          scale: "float32",
        },
        attrs: { score: ["dot", "scaledDot"], causal: [true, false], emptyRows: ["zeros"] },
      },
      bind: attention,
    },
  },
};
