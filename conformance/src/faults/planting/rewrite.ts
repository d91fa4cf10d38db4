import type { Node, PrimitiveNode, Program, Region } from "@unroll/api/adapter";

/** Nodes in the place of one; the last has its outputs. */
type Rewrite = (node: PrimitiveNode, place: Place) => readonly PrimitiveNode[];

/** Where a node stands. */
export interface Place {
  /** How many scans are around it. */
  readonly depth: number;
}

function rewritten(nodes: readonly Node[], f: Rewrite, depth: number): Node[] {
  return nodes.flatMap((node): readonly Node[] => {
    if (node.kind === "primitive") return f(node, { depth });
    const body: Region = {
      ...node.body,
      nodes: rewritten(node.body.nodes, f, depth + (node.kind === "scan" ? 1 : 0)),
    };
    return [{ ...node, body }];
  });
}

/** Primitives of a program replaced, within scans and composites too. */
export const rewrite =
  (f: Rewrite) =>
  (program: Program): Program => ({ ...program, nodes: rewritten(program.nodes, f, 0) });

/** Primitives of one name replaced. */
export const replace = (op: string, f: Rewrite): ((program: Program) => Program) =>
  rewrite((node, place) => (node.op === op ? f(node, place) : [node]));

/** The same node with other attributes. */
export const withAttrs = (node: PrimitiveNode, attrs: PrimitiveNode["attrs"]): PrimitiveNode => ({
  ...node,
  attrs: { ...node.attrs, ...attrs },
});

/** The same node on other operands. */
export const onOperands = (
  node: PrimitiveNode,
  f: (inputs: PrimitiveNode["inputs"]) => PrimitiveNode["inputs"],
): PrimitiveNode => ({ ...node, inputs: f(node.inputs) });

/** A node of one operand, with another operation put before it, after it, or both. */
export function around(
  node: PrimitiveNode,
  { before, after }: { readonly before?: string; readonly after?: string },
): readonly PrimitiveNode[] {
  const [output] = node.outputs as readonly [PrimitiveNode["outputs"][number]];
  const make = (op: string, input: string, id: string): PrimitiveNode => ({
    kind: "primitive",
    op,
    inputs: [input],
    attrs: {},
    outputs: [{ id, type: output.type }],
  });
  const first = before === undefined ? [] : [make(before, node.inputs[0]!, `${output.id}.before`)];
  const inputs = before === undefined ? node.inputs : [`${output.id}.before`, ...node.inputs.slice(1)];
  if (after === undefined) return [...first, { ...node, inputs }];
  const middle = { ...node, inputs, outputs: [{ ...output, id: `${output.id}.own` }] };
  return [...first, middle, make(after, `${output.id}.own`, output.id)];
}

/** Scans of a program changed, within scans too. */
export const changeEveryScan = (
  f: (scan: Extract<Node, { kind: "scan" }>, place: Place) => Node,
): ((program: Program) => Program) => {
  const change = (nodes: readonly Node[], depth: number): Node[] =>
    nodes.map((node) => {
      if (node.kind === "primitive") return node;
      const body = { ...node.body, nodes: change(node.body.nodes, depth + (node.kind === "scan" ? 1 : 0)) };
      return node.kind === "scan" ? f({ ...node, body }, { depth }) : { ...node, body };
    });
  return (program) => ({ ...program, nodes: change(program.nodes, 0) });
};
