import type { Node, Program, ScanNode, ValueId } from "../contract/program.js";

/**
 * A program without what none of its outputs needs: nodes, and of scans the carries, sequences, captures and
 * stacked outputs that nothing uses. Composites stay whole. Inputs and params of the program stay.
 */
export function pruned(program: Program): Program {
  const used = new Set(program.outputs.map(({ id }) => id));
  return { ...program, nodes: needed(program.nodes, used) };
}

/**
 * The nodes that make what is used.
 *
 * @param used ids of results that are used; those of the operands of what stays are added
 */
function needed(nodes: readonly Node[], used: Set<ValueId>): Node[] {
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some(({ id }) => used.has(id))) continue;
    const lean = node.kind === "scan" ? leanScan(node, used) : node;
    for (const id of lean.inputs) used.add(id);
    kept.push(lean);
  }
  return kept.reverse();
}

function leanScan(node: ScanNode, used: ReadonlySet<ValueId>): ScanNode {
  const { carries, sequences, body, inputs, outputs } = node;
  const wanted = outputs.map(({ id }) => used.has(id));
  for (;;) {
    const inside = new Set(body.outputs.filter((_, k) => wanted[k]));
    const nodes = needed(body.nodes, inside);
    const more = wanted.findIndex((is, k) => !is && k < carries && inside.has(body.inputs[k]!.id));
    if (more >= 0) {
      wanted[more] = true;
      continue;
    }
    const given = inputs.map((_, k) => (k < carries ? wanted[k]! : inside.has(body.inputs[k]!.id)));
    const end = carries + sequences;
    // One sequence says how long to run.
    if (!given.slice(carries, end).includes(true)) given[carries] = true;
    return {
      ...node,
      inputs: inputs.filter((_, k) => given[k]),
      carries: wanted.slice(0, carries).filter(Boolean).length,
      sequences: given.slice(carries, end).filter(Boolean).length,
      body: {
        inputs: body.inputs.filter((_, k) => given[k]),
        nodes,
        outputs: body.outputs.filter((_, k) => wanted[k]),
      },
      outputs: outputs.filter((_, k) => wanted[k]),
    };
  }
}
