import { primitiveOf } from "./primitives.js";
import type { Node, Program, Region, Typed, ValueId, ValueType } from "../contract/program.js";

const BATCH = "batch";

/**
 * Why a program does not treat every row of a batch alike and by itself, or null where it does: what runs
 * along the axis `batch`, or pairs rows with each other.
 */
export function whyNotRowwise(program: Program): string | null {
  return inRegion({ inputs: [...program.params, ...program.inputs], nodes: program.nodes, outputs: [] });
}

function inRegion({ inputs, nodes }: Region): string | null {
  const types = new Map<ValueId, ValueType>();
  const define = (values: readonly Typed[]): void => values.forEach(({ id, type }) => types.set(id, type));
  define(inputs);
  for (const node of nodes) {
    const reason = inNode(
      node,
      node.inputs.map((id) => types.get(id)!),
    );
    if (reason !== null) return reason;
    const pairs = node.outputs.find(
      ({ type }) => type.shape.indexOf(BATCH) !== type.shape.lastIndexOf(BATCH),
    );
    if (pairs) {
      const name = node.kind === "scan" ? "scan" : node.op;
      return `${name} that pairs rows with each other, [${pairs.type.shape.join(", ")}]`;
    }
    define(node.outputs);
  }
  return null;
}

function inNode(node: Node, operands: readonly ValueType[]): string | null {
  switch (node.kind) {
    case "primitive": {
      const along = primitiveOf(node.op)?.along?.(operands, node.attrs) ?? [];
      const runs = along.some((axes, k) => axes.some((axis) => operands[k]!.shape[axis] === BATCH));
      return runs ? `${node.op} along the batch` : null;
    }
    case "scan":
      return operands
        .slice(node.carries, node.carries + node.sequences)
        .some(({ shape }) => shape[0] === BATCH)
        ? "scan along the batch"
        : inRegion(node.body);
    case "composite":
      return inRegion(node.body);
    default:
      return node satisfies never;
  }
}
