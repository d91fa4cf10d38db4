import { fault, type Fault } from "./planting/fault.js";

/** Primitives that differ from their definitions. */
export const primitives: readonly Fault[] = [
  fault(
    "axis-is-the-first",
    "what goes along an axis goes along the first one",
    "kernels written for the axis of time, and reused for others",
    {
      program: (program) => ({
        ...program,
        nodes: program.nodes.map((node) =>
          node.kind === "primitive" && ["cumsum", "reverse", "iota"].includes(node.op)
            ? { ...node, attrs: { ...node.attrs, axis: 0 } }
            : node,
        ),
      }),
    },
  ),
];
