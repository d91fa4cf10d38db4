import { fault, recurrentOf } from "./break.js";

export const reverseNotFlippedBack = fault(
  "reverse-not-flipped-back",
  "the output of a backward layer stays in the order of processing",
  "Keras go_backwards against every other framework",
  {
    program: (program) => ({
      ...program,
      nodes: program.nodes.flatMap((node) => {
        const y =
          recurrentOf(node) && node.attrs["reverse"] === true
            ? node.outputs[node.outputNames.indexOf("y")]
            : undefined;
        if (!y) return [node];
        const turned = { ...y, id: `${y.id}.turned` };
        return [
          { ...node, outputs: node.outputs.map((output) => (output === y ? turned : output)) } as typeof node,
          {
            kind: "primitive" as const,
            op: "reverse",
            inputs: [turned.id],
            attrs: { axis: 0 },
            outputs: [y],
          },
        ];
      }),
    }),
  },
);
