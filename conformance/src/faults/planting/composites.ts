import { type CompositeNode, legalize, type Node, type Program } from "@unroll/api/adapter";
import { everyComposite } from "./every-composite.js";
import { broken, type Fault, fire } from "./fault.js";
import { recurrentOf } from "./programs.js";

/** Tells composites of these names from other nodes. */
export const compositesOf =
  (...names: readonly string[]) =>
  (node: Node): node is CompositeNode =>
    node.kind === "composite" && names.includes(node.op);

/** A composite with another node for each of its body. */
export const withinBody = (node: CompositeNode, change: (node: Node) => Node): CompositeNode => ({
  ...node,
  body: { ...node.body, nodes: node.body.nodes.map(change) },
});

/** A composite that was changed, under a name that says nothing of what it computes: it is its body. */
function renamed(node: CompositeNode, change: (node: CompositeNode) => CompositeNode): CompositeNode {
  const changed = change(node);
  return JSON.stringify(changed) === JSON.stringify(node) ? node : { ...changed, op: `faulty ${node.op}` };
}

/**
 * A fault of composites, also of those that the honest engine claims: `change` sees them whole, and what it
 * makes of them is expanded for the engine.
 */
export const faultOfComposites = (
  id: string,
  title: string,
  seen: string,
  change: (node: CompositeNode) => CompositeNode,
  which: (node: Node) => node is CompositeNode = recurrentOf,
): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest, planted) => {
    const through = broken(honest, {});
    const changed = (program: Program): Program => ({
      ...program,
      nodes: program.nodes.map((node) => (which(node) ? renamed(node, change) : node)),
    });
    return {
      ...through,
      capabilities: { ...through.capabilities, composites: everyComposite() },
      compile: (program, weights) => {
        const faulty = legalize(changed(program), honest);
        if (JSON.stringify(faulty) !== JSON.stringify(legalize(program, honest))) fire(planted);
        return through.compile(faulty, weights);
      },
    };
  },
});
