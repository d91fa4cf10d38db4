import { fault } from "./break.js";

export const outputsConcatenatedTheOtherWay = fault(
  "outputs-concatenated-the-other-way",
  "the backward half comes first",
  "merge order of a bidirectional layer",
  {
    program: (program) => ({
      ...program,
      nodes: program.nodes.map((node) => {
        if (node.kind !== "primitive" || node.op !== "concat" || node.inputs.length !== 2) return node;
        return { ...node, inputs: [...node.inputs].reverse() };
      }),
    }),
  },
);
