import type { Block, NamedValues, Value } from "../program/builder.js";
import { type Activation, activate } from "./activations.js";
import { affine, put, type RecurrentAttrs, sequenceOf } from "./recurrence.js";

/** Mathematics of a simple (Elman) RNN. */
export interface SimpleRnnAttrs extends RecurrentAttrs {
  readonly activation: Activation;
}

/** One step, semantics rule `simple-rnn`: h' = activation(x·K + h·U + b). */
function equations(b: Block, x: Value, h: Value, weights: NamedValues, attrs: SimpleRnnAttrs): { h: Value } {
  const pre = b.add(
    affine(b, x, weights["kernel"]!, weights["inputBias"]),
    affine(b, h, weights["recurrentKernel"]!, weights["recurrentBias"]),
  );
  return { h: activate(b, attrs.activation, pre) };
}

/**
 * Composite `simpleRnnCell`.
 *
 * Inputs: `x` [batch, inputSize], `h` [batch, units], `kernel` [inputSize, units], `recurrentKernel` [units,
 * units], optional `inputBias` and `recurrentBias` [units]. Output: `h` after the step.
 */
export function simpleRnnCell(
  block: Block,
  x: Value,
  state: { h: Value },
  weights: NamedValues,
  attrs: SimpleRnnAttrs,
): { h: Value } {
  return block.composite(
    "simpleRnnCell",
    { x, ...state, ...weights },
    { activation: attrs.activation },
    (b, v) => equations(b, v["x"]!, v["h"]!, v, attrs),
  );
}

/**
 * Composite `simpleRnn`: the cell folded over time. Inputs and outputs as composite `lstm`, without `c`.
 */
export function simpleRnn(
  block: Block,
  x: Value,
  state: { h: Value },
  weights: NamedValues,
  extent: NamedValues,
  attrs: SimpleRnnAttrs,
): { y: Value; h: Value } {
  return block.composite("simpleRnn", { x, ...state, ...weights, ...extent }, { ...attrs }, (b, v) => {
    const { y, carries } = sequenceOf(
      b,
      v,
      { h: v["h"]! },
      ["kernel", "recurrentKernel", "inputBias", "recurrentBias"],
      attrs,
      { part: "h" },
      (inner, x, carried, w) => put(equations(inner, x, carried.h, w, attrs)),
    );
    return { y, h: carries.h };
  });
}
