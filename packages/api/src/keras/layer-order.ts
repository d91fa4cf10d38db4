import type { KerasTensor, Layer, LayerCall, MaskNode, NestedCall, NestedModel } from "./layer.js";

/** What Keras has a node of its graph for: a call, that of a model, an operation on masks, an input. */
type GraphNode = LayerCall | NestedCall | MaskNode | KerasTensor;

/** What Keras has in `model.layers`: inputs, layers, and models within it. */
export type Operation = Layer | NestedModel | KerasTensor;

const isCall = (node: GraphNode): node is LayerCall => "layer" in node;
const isNested = (node: GraphNode): node is NestedCall => "model" in node;

/** The call itself, or that of the model within that it is a part of. */
export function outermost(call: LayerCall): LayerCall | NestedCall {
  let outer: LayerCall | NestedCall = call;
  while (outer.within) outer = outer.within;
  return outer;
}

/** The node that a tensor comes from. */
const nodeOf = (tensor: KerasTensor): GraphNode => (tensor.source ? outermost(tensor.source) : tensor);

/** What a node reads, in the order of Keras's arguments: inputs, `initial_state`, `mask`. */
function parentsOf(node: GraphNode): readonly GraphNode[] {
  if (isCall(node))
    return [
      ...[...node.inputs, ...(node.initialState ?? [])].map(nodeOf),
      ...(node.layer.takesMask ? node.masks.flatMap((mask) => mask?.node ?? []) : []),
    ];
  if (isNested(node))
    return [...node.inputs.map(nodeOf), ...node.inputs.flatMap(({ mask }) => mask?.node ?? [])];
  return "parents" in node ? node.parents : [];
}

/** Layers are known by themselves, as Keras counts a shared one once; other nodes stand for themselves. */
const operationOf = (node: GraphNode): object => ("layer" in node || "model" in node ? partOf(node) : node);

/** The layer or model that a call is one of. */
export const partOf = (call: LayerCall | NestedCall): Layer | NestedModel =>
  "layer" in call ? call.layer : call.model;

/**
 * Inputs, layers and models of a functional model in Keras's order, which is that of `layers`,
 * `get_weights()` and of weights files: by falling depth, the number of operations up to the outputs, and
 * within a depth as a search from the outputs first meets them. Operations on masks are nodes of that graph
 * too. Source: Keras 3.15 `ops/function.py`, `map_graph` and `_build_map`.
 */
export function layerOrder(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): Operation[] {
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
  // Those that nothing reads come first among what stands nearest to the outputs.
  for (const input of inputs) if (!met.has(input)) met.set(input, -1);
  const found = [...met.keys()].filter((one) => !("parents" in one)) as Operation[];
  const depthOf = (one: Operation): number => operationDepths.get(one) ?? 0;
  return found.sort((a, b) => depthOf(b) - depthOf(a) || met.get(a)! - met.get(b)!);
}
