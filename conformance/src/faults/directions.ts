import { changeAttrs, fault, recurrentOf, withoutInput } from "./break.js";

export const reverseIgnored = fault(
  "reverse-ignored",
  "a backward layer runs forward",
  "go_backwards lost in a conversion",
  { program: changeAttrs((attrs) => ("reverse" in attrs ? { ...attrs, reverse: false } : attrs)) },
);

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

export const reverseOverThePadding = fault(
  "reverse-over-the-padding",
  "a backward layer starts in the padding of short rows",
  "reversing a padded batch instead of each row",
  { program: withoutInput("lengths", (node) => node.attrs["reverse"] === true) },
);

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
