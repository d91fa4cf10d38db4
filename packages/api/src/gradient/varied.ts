import type { Node, ScanNode, ValueId } from "../contract/program.js";
import { reads, ruleOf } from "./rules.js";

/** Told of a primitive at which a gradient ends, and why. */
export type Stop = (op: string, why: string) => void;

const ignored: Stop = () => undefined;

/**
 * Adds to the values that vary with what a gradient is asked for those that nodes make of them. Only float32
 * does.
 *
 * @param varied of the region's inputs and of what its nodes make
 * @param stop told of each primitive past which nothing varies
 */
export function spread(nodes: readonly Node[], varied: Set<ValueId>, stop: Stop = ignored): void {
  for (const node of nodes)
    for (const k of variedOutputs(node, varied, stop)) varied.add(node.outputs[k]!.id);
}

/** Outputs of a node that vary, by number. */
function variedOutputs(node: Node, varied: ReadonlySet<ValueId>, stop: Stop): readonly number[] {
  if (!node.inputs.some((id) => varied.has(id))) return [];
  switch (node.kind) {
    case "primitive": {
      if (!node.inputs.some((id, k) => varied.has(id) && reads(node, k))) return [];
      const rule = ruleOf(node);
      if ("none" in rule) stop(node.op, rule.none);
      else if (node.outputs[0]!.type.dtype !== "float32")
        stop(node.op, `its result is ${node.outputs[0]!.type.dtype}`);
      else return [0];
      return [];
    }
    case "composite": {
      const inner = new Set(
        node.body.inputs.filter((_, k) => varied.has(node.inputs[k]!)).map(({ id }) => id),
      );
      spread(node.body.nodes, inner, stop);
      return all(node).filter((k) => inner.has(node.body.outputs[k]!));
    }
    case "scan": {
      const inner = variedInScan(node, varied, stop);
      return all(node).filter(
        (k) => inner.has(node.body.outputs[k]!) || (k < node.carries && inner.has(node.body.inputs[k]!.id)),
      );
    }
    default:
      return node satisfies never;
  }
}

const all = ({ outputs }: Node): number[] => outputs.map((_, k) => k);

/** What varies in the body of a scan: what does after a step does before the next. */
export function variedInScan(
  { inputs, body, carries }: ScanNode,
  varied: ReadonlySet<ValueId>,
  stop: Stop = ignored,
): Set<ValueId> {
  const given = new Set(body.inputs.filter((_, k) => varied.has(inputs[k]!)).map(({ id }) => id));
  for (;;) {
    const inner = new Set(given);
    spread(body.nodes, inner, stop);
    const more = body.inputs
      .slice(0, carries)
      .filter(({ id }, k) => !given.has(id) && inner.has(body.outputs[k]!));
    if (more.length === 0) return inner;
    for (const { id } of more) given.add(id);
  }
}
