import type { CompositeNode, Node } from "@unroll/api/adapter";
import { faultOfComposites } from "./break.js";

const layerNormOf = (node: Node): node is CompositeNode =>
  node.kind === "composite" && node.op === "layerNorm";

/** A constant that says how many features there are, one less. */
function oneLess(node: Node, features: number): Node {
  if (node.kind !== "primitive" || node.op !== "constant") return node;
  const [value] = node.attrs["value"] as readonly number[];
  return value === features && features > 1
    ? { ...node, attrs: { ...node.attrs, value: [features - 1] } }
    : node;
}

export const layerNormDividesByOneLess = faultOfComposites(
  "layer-norm-divides-by-one-less",
  "layer normalisation divides by one less than there are features",
  "torch.var's default, copied into a layer norm written by hand",
  (node) => {
    const features = node.body.inputs[0]!.type.shape.at(-1) as number;
    return { ...node, body: { ...node.body, nodes: node.body.nodes.map((one) => oneLess(one, features)) } };
  },
  layerNormOf,
);
