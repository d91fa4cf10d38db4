import { fault, type Fault } from "./planting/fault.js";
import { changeScans } from "./planting/programs.js";

/** Loops over a body of their own: what comes in and goes out in the wrong place. */
export const customCells: readonly Fault[] = [
  fault(
    "captures-exchanged",
    "two weights of one shape reach a loop's body in each other's place",
    "captured values bound by shape, or in the order of a set",
    changeScans((scan) => {
      const first = scan.carries + scan.sequences;
      const shapes = scan.body.inputs.map(({ type }) => JSON.stringify(type));
      const inputs = [...scan.inputs];
      const pair = shapes.flatMap((shape, a) =>
        a < first
          ? []
          : shapes.flatMap((other, b) =>
              b > a && shape === other && inputs[a] !== inputs[b] ? [[a, b] as const] : [],
            ),
      )[0];
      if (pair) [inputs[pair[0]], inputs[pair[1]]] = [inputs[pair[1]]!, inputs[pair[0]]!];
      return { ...scan, inputs };
    }),
  ),
  fault(
    "output-is-the-first-carry",
    "a loop puts out its first state part, whatever the cell puts out",
    "Keras on JAX and NumPy, which take states[0] for the output",
    changeScans((scan) => {
      const typeOf = (k: number): string =>
        JSON.stringify(k < scan.carries ? scan.outputs[k]!.type.shape : scan.outputs[k]!.type.shape.slice(1));
      return {
        ...scan,
        body: {
          ...scan.body,
          outputs: scan.body.outputs.map((id, k) =>
            k >= scan.carries && typeOf(k) === typeOf(0) ? scan.body.outputs[0]! : id,
          ),
        },
      };
    }),
  ),
  fault(
    "cell-reads-exchanged",
    "a loop's body sees its sequences in each other's place, where their elements have one shape",
    "elements bound by shape: the target sequence where the source should be",
    changeScans((scan) => {
      const { carries, sequences } = scan;
      const types = scan.body.inputs
        .slice(carries, carries + sequences)
        .map(({ type }) => JSON.stringify(type));
      const inputs = [...scan.inputs];
      for (let a = 0; a < sequences; a++)
        for (let b = a + 1; b < sequences; b++)
          if (types[a] === types[b] && inputs[carries + a] !== inputs[carries + b]) {
            [inputs[carries + a], inputs[carries + b]] = [inputs[carries + b]!, inputs[carries + a]!];
            return { ...scan, inputs };
          }
      return scan;
    }),
  ),
  fault(
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
  ),
];
