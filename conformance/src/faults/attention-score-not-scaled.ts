import { attentionOf, faultOfComposites } from "./break.js";

export const attentionScoreNotScaled = faultOfComposites(
  "attention-score-not-scaled",
  "the score of scaled dot-product attention is not divided by the root of its size",
  "Luong's score taken for that of scaled_dot_product_attention",
  (node) => {
    if (node.attrs["score"] !== "scaledDot") return node;
    const divided = node.body.nodes.find((inner) => inner.kind === "primitive" && inner.op === "div")!;
    const root = divided.inputs[1];
    return {
      ...node,
      body: {
        ...node.body,
        nodes: node.body.nodes.map((inner) =>
          inner.outputs[0]!.id === root && inner.kind === "primitive"
            ? { ...inner, attrs: { ...inner.attrs, value: [1] } }
            : inner,
        ),
      },
    };
  },
  attentionOf,
);
