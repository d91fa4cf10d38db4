import { operationsFor } from "./emit.js";
import { type Tensor, type Weight } from "./graph.js";

/** A part of the graph that runs many times: a step, with what it takes from around it. */
export interface Body {
  /** What each run is given anew. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Tensors that stay the same from run to run. */
  readonly captured: readonly Tensor[];
  /** Weights of the operations within. */
  readonly weights: readonly Weight[];
}

/** The part of the graph between inputs and outputs. */
export function bodyOf(inputs: readonly Tensor[], outputs: readonly Tensor[]): Body {
  const within = new Set(inputs);
  const captured = new Set<Tensor>();
  const weights = new Set<Weight>();
  for (const op of operationsFor(outputs, new Map(inputs.map((input) => [input, null])))) {
    if (!op.inputs.some((input) => within.has(input))) continue;
    for (const output of op.outputs) within.add(output);
    for (const weight of op.weights ?? []) weights.add(weight);
    for (const input of op.inputs) if (!within.has(input)) captured.add(input);
  }
  for (const output of outputs) if (!within.has(output)) captured.add(output);
  return { inputs, outputs, captured: [...captured], weights: [...weights] };
}
