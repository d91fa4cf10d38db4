import type { Block, NamedValues, Value } from "../program/builder.js";
import { inline } from "../program/inline.js";
import type { Program } from "../contract/program.js";
import { type OutputForm, type RecurrentAttrs, sequenceOf, type Stepped } from "./recurrence.js";

type State = Readonly<Record<string, Value>>;

/** One step by a custom cell's own equations; semantics rule `custom-cell`. */
export function customStep(
  block: Block,
  step: Program,
  x: Value,
  state: State,
  weights: NamedValues,
): Stepped<string> {
  const { output, ...after } = inline(block, step, { x, ...state, ...(weights as State) });
  return { state: after, output: output! };
}

/** A custom cell folded over time. Inputs and outputs as composite `lstm`, with the cell's own parts. */
export function custom(
  block: Block,
  step: Program,
  x: Value,
  state: State,
  weights: NamedValues,
  extent: NamedValues,
  attrs: RecurrentAttrs,
  form: OutputForm<string>,
): { y: Value; state: Record<string, Value> } {
  const { y, carries } = sequenceOf(
    block,
    { x, ...weights, ...extent },
    state,
    Object.keys(weights),
    attrs,
    form,
    (inner, element, carried, w) => customStep(inner, step, element, carried, w),
  );
  return { y, state: carries };
}
