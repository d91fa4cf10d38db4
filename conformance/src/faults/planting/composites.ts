import { type CompositeNode, legalize, type Node, type Program } from "@unroll/api/adapter";
import { everyComposite } from "./every-composite.js";
import { broken, type Fault, fire } from "./fault.js";
import { recurrentOf } from "./programs.js";

/**
 * A fault of composites that the honest engine leaves to their decomposition: `change` sees them whole, and
 * what it makes of them is expanded for the engine. What the engine claims it runs by itself: there, a change
 * of the body alone changes nothing, and is not counted.
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
      nodes: program.nodes.map((node) => (which(node) ? change(node) : node)),
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
