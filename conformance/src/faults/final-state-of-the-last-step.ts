import { fault, recurrentOf } from "./break.js";

export const finalStateOfTheLastStep = fault(
  "final-state-of-the-last-step",
  "the final state is that of the last step, padding or not",
  "states taken from output[-1] of a padded batch",
  {
    program: (program) => ({
      ...program,
      nodes: program.nodes.flatMap((node) => {
        if (!recurrentOf(node) || !node.inputNames.includes("lengths") || node.attrs["reverse"] === true)
          return [node];
        const [y, h] = ["y", "h"].map((name) => node.outputs[node.outputNames.indexOf(name)]!) as [
          (typeof node.outputs)[number],
          (typeof node.outputs)[number],
        ];
        const hidden = { ...h, id: `${h.id}.real` };
        const last = { id: `${h.id}.last`, type: { dtype: "float32" as const, shape: [1, ...h.type.shape] } };
        return [
          { ...node, outputs: node.outputs.map((output) => (output === h ? hidden : output)) } as typeof node,
          {
            kind: "primitive" as const,
            op: "slice",
            inputs: [y.id],
            attrs: { axis: 0, start: -1, length: 1 },
            outputs: [last],
          },
          { kind: "primitive" as const, op: "squeeze", inputs: [last.id], attrs: { axis: 0 }, outputs: [h] },
        ];
      }),
    }),
  },
);
