import { fault } from "./break.js";

export const averageIsASum = fault(
  "average-is-a-sum",
  "merge mode ave adds without dividing",
  "tfjs and Keras differ in where they divide",
  {
    program: (program) => {
      const halves = new Set(
        program.nodes.flatMap((node) =>
          node.kind === "primitive" &&
          node.op === "constant" &&
          (node.attrs["value"] as readonly number[]).join() === "2"
            ? [node.outputs[0]!.id]
            : [],
        ),
      );
      // The larger of a value and itself is the value.
      return {
        ...program,
        nodes: program.nodes.map((node) =>
          node.kind === "primitive" && node.op === "div" && halves.has(node.inputs[1]!)
            ? { ...node, op: "max", inputs: [node.inputs[0]!, node.inputs[0]!] }
            : node,
        ),
      };
    },
  },
);
