import type { Node } from "@unroll/api/adapter";
import { faultOfComposites } from "./break.js";

/** A limit so far away that nothing reaches it, in the place of the one that clips. */
function unclipped(node: Node, limit: number): Node {
  if (node.kind !== "primitive")
    return { ...node, body: { ...node.body, nodes: node.body.nodes.map((one) => unclipped(one, limit)) } };
  const [value] = (node.op === "constant" ? node.attrs["value"] : []) as readonly number[];
  return value !== undefined && Math.abs(value) === limit
    ? { ...node, attrs: { ...node.attrs, value: [Math.sign(value) * 1e9] } }
    : node;
}

export const cellClipIgnored = faultOfComposites(
  "cell-clip-ignored",
  "the cell state goes past its bounds",
  "cell_clip of a TensorFlow 1 model lost in conversion: it is no weight",
  (node) => {
    const limit = node.attrs["cellClip"];
    return typeof limit === "number" ? (unclipped(node, limit) as typeof node) : node;
  },
);
