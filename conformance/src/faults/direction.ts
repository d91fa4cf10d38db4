import { fault, type Fault } from "./planting/fault.js";
import { changeAttrs, recurrentOf, withoutInput } from "./planting/programs.js";

/** Layers that run backward. */
export const direction: readonly Fault[] = [
  fault("reverse-ignored", "a backward layer runs forward", "go_backwards lost in a conversion", {
    program: changeAttrs((attrs) => ("reverse" in attrs ? { ...attrs, reverse: false } : attrs)),
  }),
  fault(
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
            {
              ...node,
              outputs: node.outputs.map((output) => (output === y ? turned : output)),
            } as typeof node,
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
  ),
  fault(
    "reverse-over-the-padding",
    "a backward layer starts in the padding of short rows",
    "reversing a padded batch instead of each row",
    { program: withoutInput("lengths", (node) => node.attrs["reverse"] === true) },
  ),
  fault(
    "halves-both-run-forward",
    "both halves of a bidirectional layer run forward",
    "a wrapper that copies its layer and loses go_backwards; a backward layer alone is right",
    {
      program: (program) => {
        const ahead = new Set(
          program.nodes
            .filter((node) => recurrentOf(node) && node.attrs["reverse"] === false)
            .map(({ inputs }) => inputs[0]),
        );
        return changeAttrs((attrs, { inputs }) =>
          "reverse" in attrs && ahead.has(inputs[0]) ? { ...attrs, reverse: false } : attrs,
        )(program);
      },
    },
  ),
];
