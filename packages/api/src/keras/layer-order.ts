import type { KerasTensor, Layer, LayerCall, MaskNode } from "./layer.js";

/** What Keras has a node of its graph for: a call, an operation on masks, an input. */
type GraphNode = LayerCall | MaskNode | KerasTensor;

const isCall = (node: GraphNode): node is LayerCall => "layer" in node;

/** The node that a tensor comes from. */
const nodeOf = (tensor: KerasTensor): GraphNode => tensor.source ?? tensor;

/** What a node reads, in the order of Keras's arguments: inputs, `initial_state`, `mask`. */
function parentsOf(node: GraphNode): readonly GraphNode[] {
  if (isCall(node))
    return [
      ...[...node.inputs, ...(node.initialState ?? [])].map(nodeOf),
      ...(node.layer.takesMask ? node.masks.flatMap((mask) => mask?.node ?? []) : []),
    ];
  return "parents" in node ? node.parents : [];
}

/** Layers are known by themselves, as Keras counts a shared one once; other nodes stand for themselves. */
const operationOf = (node: GraphNode): object => (isCall(node) ? node.layer : node);

/**
 * The layers of a functional model in Keras's order, which is that of `get_weights()` and of weights files:
 * by falling depth, the number of operations up to the outputs, and within a depth as a search from the
 * outputs first meets them. Operations on masks are nodes of that graph too. Source: Keras 3.15
 * `ops/function.py`, `map_graph` and `_build_map`.
 */
export function layerOrder(outputs: readonly KerasTensor[]): Layer[] {
  const finished = new Set<GraphNode>();
  const sorted: GraphNode[] = [];
  const met = new Map<object, number>();
  const visit = (node: GraphNode): void => {
    if (finished.has(node)) return;
    finished.add(node);
    const operation = operationOf(node);
    if (!met.has(operation)) met.set(operation, met.size);
    parentsOf(node).forEach(visit);
    sorted.push(node);
  };
  outputs.map(nodeOf).forEach(visit);

  const depths = new Map<GraphNode, number>();
  const operationDepths = new Map<object, number>();
  for (const node of sorted.reverse()) {
    const operation = operationOf(node);
    const depth = Math.max(depths.get(node) ?? 0, operationDepths.get(operation) ?? 0);
    operationDepths.set(operation, depth);
    for (const parent of parentsOf(node)) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
  }
  const layers = [...new Set([...finished].filter(isCall).map(({ layer }) => layer))];
  return layers.sort(
    (a, b) => operationDepths.get(b)! - operationDepths.get(a)! || met.get(a)! - met.get(b)!,
  );
}
