import type { Block, NamedValues, Value } from "../program/builder.js";
import { type Activation, activate } from "./activations.js";
import { affine, put, type RecurrentAttrs, sequenceOf } from "./recurrence.js";

/** Mathematics of an LSTM. Gate columns in every weight: i f g o (Keras calls g `c`). */
export interface LstmAttrs extends RecurrentAttrs {
  /** Of the candidate g. */
  readonly activation: Activation;
  /** Of the gates i, f, o. */
  readonly recurrentActivation: Activation;
  /** Of the cell state on its way into h; Keras and torch use the candidate's. */
  readonly outputActivation: Activation;
}

/**
 * One step, semantics rule `lstm`:
 *
 * i, f, o = recurrentActivation(x·K + h·U + b), g = activation(...), c' = f ⊙ c + i ⊙ g, h' = o ⊙
 * outputActivation(c')
 *
 * With peepholes p the arguments of i and f get p ⊙ c and that of o gets p ⊙ c'; with a projection P, h' is
 * that times P.
 */
function equations(
  b: Block,
  x: Value,
  h: Value,
  c: Value,
  weights: NamedValues,
  attrs: LstmAttrs,
): { h: Value; c: Value } {
  const units = c.type.shape[1] as number;
  const pre = b.add(
    affine(b, x, weights["kernel"]!, weights["inputBias"]),
    affine(b, h, weights["recurrentKernel"]!, weights["recurrentBias"]),
  );
  const { peephole, projectionKernel } = weights;
  const gate = (k: number): Value => b.slice(pre, 1, k * units, units);
  const seeing = (of: Value, state: Value, k: number): Value =>
    peephole ? b.add(of, b.mul(state, b.slice(peephole, 0, k * units, units))) : of;
  const i = activate(b, attrs.recurrentActivation, seeing(gate(0), c, 0));
  const f = activate(b, attrs.recurrentActivation, seeing(gate(1), c, 1));
  const g = activate(b, attrs.activation, gate(2));
  const next = b.add(b.mul(f, c), b.mul(i, g));
  const o = activate(b, attrs.recurrentActivation, seeing(gate(3), next, 2));
  const out = b.mul(o, activate(b, attrs.outputActivation, next));
  return { h: projectionKernel ? b.matmul(out, projectionKernel) : out, c: next };
}

/**
 * Composite `lstmCell`.
 *
 * Inputs: `x` [batch, inputSize], `h` [batch, size] and `c` [batch, units], `kernel` [inputSize, 4 units],
 * `recurrentKernel` [size, 4 units], optional `inputBias` and `recurrentBias` [4 units], `peephole` [3 units]
 * of gates i f o, and `projectionKernel` [units, size], without which size is units. Outputs: `h`, `c` after
 * the step.
 */
export function lstmCell(
  block: Block,
  x: Value,
  state: { h: Value; c: Value },
  weights: NamedValues,
  attrs: LstmAttrs,
): { h: Value; c: Value } {
  const { activation, recurrentActivation, outputActivation } = attrs;
  return block.composite(
    "lstmCell",
    { x, ...state, ...weights },
    { activation, recurrentActivation, outputActivation },
    (b, v) => equations(b, v["x"]!, v["h"]!, v["c"]!, v, attrs),
  );
}

/**
 * Composite `lstm`: the cell folded over time.
 *
 * Inputs: `x` [time, batch, inputSize], initial `h` and `c`, weights as in {@link lstmCell}, and at most one
 * of `lengths` int32 [batch] and `mask` bool [time, batch]. Outputs: `y` [time, batch, size] in the input's
 * time order, and `h`, `c` after the last processed step.
 */
export function lstm(
  block: Block,
  x: Value,
  state: { h: Value; c: Value },
  weights: NamedValues,
  extent: NamedValues,
  attrs: LstmAttrs,
): { y: Value; h: Value; c: Value } {
  return block.composite("lstm", { x, ...state, ...weights, ...extent }, { ...attrs }, (b, v) => {
    const { y, carries } = sequenceOf(
      b,
      v,
      { h: v["h"]!, c: v["c"]! },
      ["kernel", "recurrentKernel", "inputBias", "recurrentBias", "peephole", "projectionKernel"],
      attrs,
      { part: "h" },
      (inner, x, carried, w) => put(equations(inner, x, carried.h, carried.c, w, attrs)),
    );
    return { y, h: carries.h, c: carries.c };
  });
}
