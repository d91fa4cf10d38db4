// The same engine with a bug that has happened for real: a reversed scan leaves its outputs in the order it
// made them.
import { slow } from "./adapter.mjs";
import { operations } from "./operations.mjs";

const turned = (node) =>
  node.kind === "scan" && node.reverse
    ? [
        {
          ...node,
          outputs: node.outputs.map((output, k) =>
            k < node.carries ? output : { ...output, id: `${output.id}.turned` },
          ),
        },
        ...node.outputs.slice(node.carries).map((output) => ({
          kind: "primitive",
          op: "reverse",
          inputs: [`${output.id}.turned`],
          attrs: { axis: 0 },
          outputs: [output],
        })),
      ]
    : [node];

export const adapter = () => {
  const honest = slow();
  return {
    ...honest,
    name: "broken",
    capabilities: { ...honest.capabilities, primitives: Object.keys(operations) },
    compile: (program, weights) =>
      honest.compile({ ...program, nodes: program.nodes.flatMap(turned) }, weights),
  };
};

export default adapter;
