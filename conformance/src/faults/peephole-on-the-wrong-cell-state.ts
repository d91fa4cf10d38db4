import type { CompositeNode, Node, Region } from "@unroll/api/adapter";
import { faultOfComposites } from "./break.js";

export const peepholeOnTheWrongCellState = faultOfComposites(
  "peephole-on-the-wrong-cell-state",
  "the output gate sees the cell state before the step, not the one after it",
  "the input gate's formula copied for all three",
  (node) => ({ ...node, body: withOldState(node.body, node.inputNames) }),
);

/** In the body of a cell, or in that of its scan, the last peephole multiplies the state that came in. */
function withOldState(body: Region, names: CompositeNode["inputNames"]): Region {
  const peephole = names.indexOf("peephole");
  if (peephole < 0) return body;
  const scan = body.nodes.find((node) => node.kind === "scan");
  if (!scan)
    return {
      ...body,
      nodes: seeing(body.nodes, body.inputs[peephole]!.id, body.inputs[names.indexOf("c")]!.id),
    };
  // A scan's body has the carries first, h before c, then the elements and what it captures.
  const inner = scan.body.inputs[scan.inputs.indexOf(body.inputs[peephole]!.id)]!.id;
  return {
    ...body,
    nodes: body.nodes.map((node) =>
      node === scan
        ? { ...scan, body: { ...scan.body, nodes: seeing(scan.body.nodes, inner, scan.body.inputs[1]!.id) } }
        : node,
    ),
  };
}

function seeing(nodes: readonly Node[], peephole: string, before: string): Node[] {
  const parts = nodes
    .filter((node) => node.kind === "primitive" && node.op === "slice" && node.inputs[0] === peephole)
    .map((node) => node.outputs[0]!.id);
  const last = parts[parts.length - 1]!;
  return nodes.map((node) =>
    node.inputs.includes(last)
      ? { ...node, inputs: node.inputs.map((id) => (id === last ? id : before)) }
      : node,
  );
}
