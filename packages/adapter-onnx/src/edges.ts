import type { Dim } from "@unroll/api/adapter";
import { withNames } from "./graph.js";
import type { GraphProto, NodeProto, ValueInfo } from "./proto.js";

/** A graph whose inputs and outputs have the axes of size 1 that its operators want. */
export interface Edged {
  readonly graph: GraphProto;
  /** By name of such an input or output, the place of the axis that the program does not have there. */
  readonly axes: ReadonlyMap<string, number>;
}

/** How often each value is read, inside graphs of nodes too. */
function readsOf({ nodes, outputs }: GraphProto, counts = new Map<string, number>()): Map<string, number> {
  const read = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { inputs, attributes } of nodes) {
    inputs.forEach(read);
    for (const value of Object.values(attributes)) if ("graph" in value) readsOf(value.graph, counts);
  }
  for (const { name } of outputs) read(name);
  return counts;
}

/**
 * Moves the axes of size 1 that operators have beyond the program's, as those of the directions of an LSTM,
 * out of the graph: whoever feeds it says them in the shape of a tensor, which costs nothing, where an
 * operator that adds or drops one costs about half a microsecond a step. Between operators, one that adds
 * what the one before it dropped goes as well.
 */
export function withEdgeAxes(graph: GraphProto): Edged {
  const single = new Map<string, number>();
  for (const { name, type, shape, bytes } of graph.initializers)
    if (type === "int64" && shape.join() === "1")
      single.set(name, Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true)));
  /** The one axis that a node adds or drops; undefined of another node. */
  const axisOf = ({ op, inputs }: NodeProto, wanted: string): number | undefined =>
    op === wanted ? single.get(inputs[1]!) : undefined;

  const axes = new Map<string, number>();
  const within = joined(graph, axisOf);
  const inputs = addAt(within, axisOf, axes);
  const edged = dropAt(inputs, axisOf, axes);
  const reads = readsOf(edged);
  return {
    graph: { ...edged, initializers: edged.initializers.filter(({ name }) => reads.has(name)) },
    axes,
  };
}

type AxisOf = (node: NodeProto, op: string) => number | undefined;

/** Without what adds an axis that the operator before it dropped. */
function joined(graph: GraphProto, axisOf: AxisOf): GraphProto {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const same = new Map<string, string>();
  const gone = new Set<NodeProto>();
  for (const node of graph.nodes) {
    const axis = axisOf(node, "Unsqueeze");
    const before = makers.get(node.inputs[0]!);
    if (axis === undefined || !before || axisOf(before, "Squeeze") !== axis) continue;
    // Outputs of the graph keep what makes them.
    if (graph.outputs.some(({ name }) => name === node.outputs[0])) continue;
    // What the one before dropped it from may be another's that is gone.
    const whole = before.inputs[0]!;
    same.set(node.outputs[0]!, same.get(whole) ?? whole);
    gone.add(node);
  }
  const nodes = withNames(
    graph.nodes.filter((node) => !gone.has(node)),
    same,
  );
  const reads = readsOf({ ...graph, nodes });
  const read = (node: NodeProto): boolean => node.outputs.some((name) => reads.has(name));
  return { ...graph, nodes: nodes.filter((node) => node.op !== "Squeeze" || read(node)) };
}

/** Inputs that nothing reads but operators which add the same axis have it from the start. */
function addAt(graph: GraphProto, axisOf: AxisOf, axes: Map<string, number>): GraphProto {
  const reads = readsOf(graph);
  const renamed = new Map<string, string>();
  const gone = new Set<NodeProto>();
  const inputs = graph.inputs.map((input) => {
    const adding = graph.nodes.filter(
      (node) => node.inputs[0] === input.name && axisOf(node, "Unsqueeze") !== undefined,
    );
    const added = new Set(adding.map((node) => axisOf(node, "Unsqueeze")!));
    const made = adding.map((node) => node.outputs[0]!);
    const edge = graph.outputs.some(({ name }) => made.includes(name));
    if (added.size !== 1 || edge || reads.get(input.name) !== adding.length) return input;
    const [axis] = added;
    axes.set(input.name, axis!);
    for (const name of made) renamed.set(name, input.name);
    for (const node of adding) gone.add(node);
    return withAxis(input, axis!);
  });
  const nodes = graph.nodes.filter((node) => !gone.has(node));
  return { ...graph, nodes: withNames(nodes, renamed), inputs };
}

/** Outputs that an operator made by dropping an axis, and that nothing else reads, keep it. */
function dropAt(graph: GraphProto, axisOf: AxisOf, axes: Map<string, number>): GraphProto {
  const reads = readsOf(graph);
  const results = new Set(graph.nodes.flatMap((node) => node.outputs));
  const edge = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const renamed = new Map<string, string>();
  const gone = new Set<NodeProto>();
  const outputs = graph.outputs.map((output) => {
    const node = graph.nodes.find(({ outputs: made }) => made.includes(output.name))!;
    const [axis, whole] = [axisOf(node, "Squeeze"), node.inputs[0]!];
    if (axis === undefined || reads.get(output.name) !== 1) return output;
    if (!results.has(whole) || edge.has(whole) || renamed.has(whole)) return output;
    axes.set(output.name, axis);
    renamed.set(whole, output.name);
    gone.add(node);
    return withAxis(output, axis);
  });
  const nodes = graph.nodes.filter((node) => !gone.has(node));
  return { ...graph, nodes: withNames(nodes, renamed), outputs };
}

const withAxis = (value: ValueInfo, axis: number): ValueInfo => ({
  ...value,
  shape: addedAxis<Dim>(value.shape, axis, 1),
});

/** A shape with one more axis. */
export const addedAxis = <T>(shape: readonly T[], axis: number, size: T): T[] => [
  ...shape.slice(0, axis),
  size,
  ...shape.slice(axis),
];
