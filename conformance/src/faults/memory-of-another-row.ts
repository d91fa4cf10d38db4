import { changeScans, fault } from "./break.js";

export const memoryOfAnotherRow = fault(
  "memory-of-another-row",
  "a cell looks at the memory of another row of the batch",
  "a memory repeated for beams in another order than its states",
  {
    program: (program) => {
      const turned: (typeof program.nodes)[number][] = [];
      const change = changeScans((scan) => {
        const inputs = scan.inputs.map((id, k) => {
          const type = scan.body.inputs[k]!.type;
          const whole =
            k >= scan.carries + scan.sequences && type.shape[0] === "batch" && type.dtype === "float32";
          if (!whole || type.shape.length !== 3) return id;
          const output = { id: `${id}.turned.${turned.length}`, type };
          turned.push({
            kind: "primitive",
            op: "reverse",
            inputs: [id],
            attrs: { axis: 0 },
            outputs: [output],
          });
          return output.id;
        });
        return { ...scan, inputs };
      });
      const nodes = change.program!(program).nodes.flatMap((node) => {
        const own = turned.filter((one) => node.inputs.includes(one.outputs[0]!.id));
        return [...own, node];
      });
      return { ...program, nodes };
    },
  },
);
