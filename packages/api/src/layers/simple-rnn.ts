import type { Attrs } from "../contract/program.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import { type Activation, activate, activationNames } from "./activations.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { cellOf } from "./fill.js";
import { biasForms, compositeWeights, type GatedCellDefinition, gatedWeights } from "./gated-cell.js";
import { affine, foldCell, outputH, type RecurrentAttrs } from "./recurrence.js";

const fields = {
  /** Size of x, the input of one step. */
  inputSize: { kind: "count" },
  /** Size of the state h, which is the output too. */
  units: { kind: "count" },
  /** Of the sum x·K + h·U + b. Default `tanh`. */
  activation: { kind: "oneOf", of: activationNames, default: "tanh" },
  /**
   * `none`; `single`, one bias on x·K; or `split`, one of the input and one of the state. Default `single`;
   * PyTorch and ONNX have two.
   */
  bias: { kind: "oneOf", of: biasForms, default: "single" },
} as const satisfies Fields;

/**
 * A simple (Elman) RNN. Weights: `kernel` [inputSize, units], `recurrentKernel` [units, units], biases
 * [units].
 */
export interface SimpleRnnCellSpec extends FilledOf<typeof fields> {
  /** Which cell it is. */
  readonly kind: "simpleRnn";
}

/** Mathematics of a simple (Elman) RNN. */
export interface SimpleRnnMathematics extends Attrs {
  readonly activation: Activation;
}

export type SimpleRnnAttrs = SimpleRnnMathematics & RecurrentAttrs;

/** One step, semantics rule `simple-rnn`: h' = activation(x·K + h·U + b). */
function equations(
  b: Block,
  x: Value,
  h: Value,
  weights: NamedValues,
  attrs: SimpleRnnMathematics,
): { h: Value } {
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
export function simpleRnnStep(
  block: Block,
  x: Value,
  state: { h: Value },
  weights: NamedValues,
  attrs: SimpleRnnMathematics,
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
  return block.composite("simpleRnn", { x, ...state, ...weights, ...extent }, { ...attrs }, (b, given) => {
    const { x, h, mask, lengths, ...captures } = given;
    const { y, carries } = foldCell(
      b,
      { x: x!, extent: { mask, lengths }, state: { h: h! }, captures, attrs, output: { part: "h" } },
      (inner, { x, state, captures }) => outputH(equations(inner, x, state.h, captures, attrs)),
    );
    return { y, h: carries.h };
  });
}

/**
 * An Elman RNN. Defaults: tanh, one bias.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const simpleRnnCell = (options: OptionsOf<typeof fields>): SimpleRnnCellSpec =>
  cellOf(simpleRnnDefinition, options);

/** Definition of the simple RNN cell, for a kit of `@unroll/api/core`. */
export const simpleRnnDefinition = {
  kind: "simpleRnn",
  fields,
  gates: ["h"],
  state: ({ units }) => [{ part: "h", shape: [units], dtype: "float32" }],
  outputSize: ({ units }) => units,
  outputPart: () => "h",
  weights: (cell) => gatedWeights(cell, ["h"], cell.units),
  step: ({ activation }, x, { b, weights, state }) =>
    outputH(simpleRnnStep(b, x, { h: state["h"]! }, compositeWeights(weights), { activation })),
  fold({ activation }, x, { b, weights, state }, extent, how) {
    const initial = { h: state["h"]! };
    const { y, ...after } = simpleRnn(b, x, initial, compositeWeights(weights), extent, {
      ...how,
      activation,
    });
    return { y, state: after };
  },
} as const satisfies GatedCellDefinition<SimpleRnnCellSpec>;
