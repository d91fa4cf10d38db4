import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import {
  KerasTensor,
  type LayerCall,
  type Mask,
  type MaskSource,
  type NestedCall,
  type NestedModel,
  Unequal,
} from "./layer.js";
import type { Network } from "./network.js";

/** A node of what masks a value. */
type Node = Mask["node"] | LayerCall;

/**
 * Applies a model as a layer: each of its layers, with the weights that it has, to other values.
 *
 * @returns the outputs
 * @throws UNROLL_ARGUMENT for another number of inputs; UNROLL_SHAPE, UNROLL_DTYPE for inputs that don't fit
 */
export function appliedWithin(
  model: NestedModel,
  { inputs: own, calls, ends }: Network,
  inputs: readonly KerasTensor[],
): readonly KerasTensor[] {
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({ code: "UNROLL_ARGUMENT", place: model.ownName ?? model.kind, expected, got, cure });
  };
  const odd = inputs.find((one) => !(one instanceof KerasTensor));
  if (odd !== undefined)
    refuse("tensors of a model", shown(odd), "input() and layers make them; numbers go to predict");
  if (inputs.length !== own.length)
    refuse(
      `${own.length} inputs (${own.map(({ name }) => name).join(", ")})`,
      `${inputs.length}`,
      "in order",
    );

  const top: NestedCall = { model, inputs, outputs: [], within: null };
  const tensors = new Map<KerasTensor, KerasTensor>(own.map(({ tensor }, k) => [tensor, inputs[k]!]));
  const made = new Map<LayerCall, LayerCall>();
  const nested = new Map<NestedCall, NestedCall>();
  const nodes = new Map<Node, Node>();
  const tensorOf = (one: KerasTensor): KerasTensor =>
    one.source === null
      ? (tensors.get(one) ?? one)
      : made.get(one.source)!.outputs.find(({ suffix }) => suffix === one.suffix)!;
  const withinOf = (of: NestedCall | null): NestedCall => {
    if (of === null) return top;
    const known = nested.get(of);
    if (known) return known;
    const one = {
      model: of.model,
      inputs: of.inputs.map(tensorOf),
      outputs: [],
      within: withinOf(of.within),
    };
    nested.set(of, one);
    return one;
  };
  const nodeOf = (node: Node): Node => {
    if (node instanceof KerasTensor) return tensorOf(node);
    if ("layer" in node) return made.get(node)!;
    const known = nodes.get(node) ?? { parents: node.parents.map(nodeOf) };
    nodes.set(node, known);
    return known;
  };
  const sourceOf = (source: MaskSource): MaskSource =>
    source instanceof Unequal ? Unequal.of(tensorOf(source.tensor), source.value) : tensorOf(source);
  const maskOf = (mask: Mask | null): Mask | null =>
    mask && { sources: mask.sources.map(sourceOf), node: nodeOf(mask.node) as Mask["node"] };

  for (const call of calls.keys()) {
    const [first] = call.layer.call(call.inputs.map(tensorOf), {
      initialState: call.initialState?.map(tensorOf) ?? null,
      given: call.given?.map(maskOf) ?? null,
      keepMask: call.keepMask,
      within: withinOf(call.within),
    });
    made.set(call, first!.source!);
  }
  top.outputs = ends.map(tensorOf);
  return top.outputs;
}
