import type { CustomCellSpec } from "@unroll/api";
import { concatenated } from "./arithmetic.js";
import { type Numbers, primitive, type Rounding } from "./primitives.js";

/** A program as a spec holds it. */
type Program = CustomCellSpec["step"];
type Node = Program["nodes"][number];
type Region = Extract<Node, { kind: "scan" }>["body"];
type PrimitiveNode = Extract<Node, { kind: "primitive" }>;

/** Told of each primitive that runs, in scans at each step, before it does. */
export type Watch = (node: PrimitiveNode, operands: readonly Numbers[]) => void;

interface Run {
  readonly rounding: Rounding;
  readonly watch: Watch | null;
}

/**
 * Runs a program by the definitions of its primitives; composites by their bodies, scans one step after the
 * other.
 *
 * @param given a value for each input and param, by name
 * @param watch sees what each primitive is given
 */
export function runProgram(
  program: Program,
  given: Readonly<Record<string, Numbers>>,
  rounding: Rounding,
  watch: Watch | null = null,
): Record<string, Numbers> {
  const values = new Map([...program.params, ...program.inputs].map(({ name, id }) => [id, given[name]!]));
  run(program.nodes, values, { rounding, watch });
  return Object.fromEntries(program.outputs.map(({ name, id }) => [name, values.get(id)!]));
}

function run(nodes: readonly Node[], values: Map<string, Numbers>, by: Run): void {
  for (const node of nodes) {
    const operands = node.inputs.map((id) => values.get(id)!);
    const results = resultsOf(node, operands, by);
    node.outputs.forEach(({ id }, k) => values.set(id, results[k]!));
  }
}

function yielded({ inputs, nodes, outputs }: Region, given: readonly Numbers[], by: Run): Numbers[] {
  const values = new Map(inputs.map(({ id }, k) => [id, given[k]!]));
  run(nodes, values, by);
  return outputs.map((id) => values.get(id)!);
}

function resultsOf(node: Node, operands: readonly Numbers[], by: Run): readonly Numbers[] {
  switch (node.kind) {
    case "primitive":
      by.watch?.(node, operands);
      return [primitive(node.op, operands, node.attrs, by.rounding)];
    case "composite":
      return yielded(node.body, operands, by);
    case "scan": {
      let carries = operands.slice(0, node.carries);
      const sequences = operands.slice(node.carries, node.carries + node.sequences);
      const captures = operands.slice(node.carries + node.sequences);
      const time = sequences[0]!.shape[0]!;
      const stacked: Numbers[][] = [];
      for (let s = 0; s < time; s++) {
        const t = node.reverse ? time - 1 - s : s;
        const results = yielded(
          node.body,
          [...carries, ...sequences.map((x) => elementOf(x, t)), ...captures],
          by,
        );
        carries = results.slice(0, node.carries);
        stacked[t] = results.slice(node.carries);
      }
      return [...carries, ...stacked[0]!.map((_, k) => stack(stacked.map((step) => step[k]!)))];
    }
    default:
      return node satisfies never;
  }
}

/** One step of a value [time, ...]. */
export function elementOf({ dtype, shape, data }: Numbers, t: number): Numbers {
  const size = data.length / shape[0]!;
  return { dtype, shape: shape.slice(1), data: data.slice(t * size, (t + 1) * size) };
}

/** Steps one after the other, [time, ...]. */
export function stack(steps: readonly Numbers[]): Numbers {
  const { dtype, shape } = steps[0]!;
  return { dtype, shape: [steps.length, ...shape], data: concatenated(steps.map(({ data }) => data)) };
}
