import { gates as gatesByComposite } from "../contract/gates.js";
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
  /** Activation of the candidate n. Default `tanh`. */
  activation: { kind: "oneOf", of: activationNames, default: "tanh" },
  /** Activation of the gates z and r. Default `sigmoid`; Keras 2's `hard_sigmoid` is `hardSigmoidFifth`. */
  recurrentActivation: { kind: "oneOf", of: activationNames, default: "sigmoid" },
  /**
   * Where the reset gate acts. True, the default: on h·U + bias (torch, Keras's default). False: on h before
   * the product (TensorFlow 1, TensorFlow.js, ONNX's default).
   */
  resetAfter: { kind: "oneOf", of: [true, false], default: true },
  /**
   * `none`; `single`, one bias on x·K; or `split`, one of the input and one of the state. Default `split`
   * where the reset is after the product, where the two differ in what they do; else `single`.
   */
  bias: {
    kind: "oneOf",
    of: biasForms,
    default: ({ resetAfter }: { resetAfter?: unknown }) => (resetAfter === false ? "single" : "split"),
  },
} as const satisfies Fields;

/**
 * A GRU. Weights: `kernel` [inputSize, 3 units] with gates z r n, `recurrentKernel` [units, 3 units],
 * biases [3 units].
 */
export interface GruCellSpec extends FilledOf<typeof fields> {
  /** Which cell it is. */
  readonly kind: "gru";
}

/** Mathematics of a GRU. Gate columns in every weight: z r n (Keras calls n `h`; torch orders r z n). */
export interface GruMathematics extends Attrs {
  /** Of the candidate n. */
  readonly activation: Activation;
  /** Of the gates z, r. */
  readonly recurrentActivation: Activation;
  /**
   * Where the reset gate acts. True: on h·U + recurrent bias (torch, Keras's default, ONNX
   * `linear_before_reset=1`). False: on h before the product (TensorFlow 1, TensorFlow.js, ONNX's default).
   */
  readonly resetAfter: boolean;
}

export type GruAttrs = GruMathematics & RecurrentAttrs;

/**
 * One step, semantics rules `gru-reset-after` and `gru-reset-before`:
 *
 * z, r = recurrentActivation(x·K + b + h·U + d), h' = z ⊙ h + (1 - z) ⊙ n with
 * n = activation(x·Kn + bn + r ⊙ (h·Un + dn)) if the reset is after, activation(x·Kn + bn + (r ⊙ h)·Un + dn)
 * if before.
 */
function equations(b: Block, x: Value, h: Value, weights: NamedValues, attrs: GruMathematics): { h: Value } {
  const units = h.type.shape[1] as number;
  const { kernel, recurrentKernel, inputBias, recurrentBias } = weights;
  const fromInput = affine(b, x, kernel!, inputBias);
  const gate = (v: Value, k: number, count = 1): Value =>
    b.slice(v, v.type.shape.length - 1, k * units, count * units);
  let z: Value, r: Value, n: Value;
  if (attrs.resetAfter) {
    const fromState = affine(b, h, recurrentKernel!, recurrentBias);
    z = activate(b, attrs.recurrentActivation, b.add(gate(fromInput, 0), gate(fromState, 0)));
    r = activate(b, attrs.recurrentActivation, b.add(gate(fromInput, 1), gate(fromState, 1)));
    n = activate(b, attrs.activation, b.add(gate(fromInput, 2), b.mul(r, gate(fromState, 2))));
  } else {
    const fromState = affine(b, h, gate(recurrentKernel!, 0, 2), recurrentBias && gate(recurrentBias, 0, 2));
    z = activate(b, attrs.recurrentActivation, b.add(gate(fromInput, 0), gate(fromState, 0)));
    r = activate(b, attrs.recurrentActivation, b.add(gate(fromInput, 1), gate(fromState, 1)));
    n = activate(
      b,
      attrs.activation,
      b.add(
        gate(fromInput, 2),
        affine(b, b.mul(r, h), gate(recurrentKernel!, 2), recurrentBias && gate(recurrentBias, 2)),
      ),
    );
  }
  return { h: b.add(b.mul(z, h), b.mul(b.sub(b.constant(1), z), n)) };
}

/**
 * Composite `gruCell`.
 *
 * Inputs: `x` [batch, inputSize], `h` [batch, units], `kernel` [inputSize, 3 units], `recurrentKernel`
 * [units, 3 units], optional `inputBias` and `recurrentBias` [3 units]. Output: `h` after the step.
 */
export function gruStep(
  block: Block,
  x: Value,
  state: { h: Value },
  weights: NamedValues,
  attrs: GruMathematics,
): { h: Value } {
  const { activation, recurrentActivation, resetAfter } = attrs;
  return block.composite(
    "gruCell",
    { x, ...state, ...weights },
    { activation, recurrentActivation, resetAfter },
    (b, v) => equations(b, v["x"]!, v["h"]!, v, attrs),
  );
}

/**
 * Composite `gru`: the cell folded over time. Inputs and outputs as composite `lstm`, without `c`.
 */
export function gru(
  block: Block,
  x: Value,
  state: { h: Value },
  weights: NamedValues,
  extent: NamedValues,
  attrs: GruAttrs,
): { y: Value; h: Value } {
  return block.composite("gru", { x, ...state, ...weights, ...extent }, { ...attrs }, (b, given) => {
    const { x, h, mask, lengths, ...captures } = given;
    const { y, carries } = foldCell(
      b,
      { x: x!, extent: { mask, lengths }, state: { h: h! }, captures, attrs, output: { part: "h" } },
      (inner, { x, state, captures }) => outputH(equations(inner, x, state.h, captures, attrs)),
    );
    return { y, h: carries.h };
  });
}

const gates = gatesByComposite.gru;

const mathematics = (cell: GruCellSpec): GruMathematics => ({
  activation: cell.activation,
  recurrentActivation: cell.recurrentActivation,
  resetAfter: cell.resetAfter,
});

/**
 * A GRU. Defaults: tanh candidate, sigmoid gates, reset after the product (as torch and Keras do), two
 * biases.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const gruCell = (options: OptionsOf<typeof fields>): GruCellSpec => cellOf(gruDefinition, options);

/** Definition of the GRU cell, for a kit of `@unroll/api/core`. */
export const gruDefinition = {
  kind: "gru",
  fields,
  gates,
  state: ({ units }) => [{ part: "h", shape: [units], dtype: "float32" }],
  outputSize: ({ units }) => units,
  outputPart: () => "h",
  weights: (cell) => gatedWeights(cell, gates, cell.units),
  step: (cell, x, { b, weights, state }) =>
    outputH(gruStep(b, x, { h: state["h"]! }, compositeWeights(weights), mathematics(cell))),
  fold(cell, x, { b, weights, state }, extent, how) {
    const attrs = { ...how, ...mathematics(cell) };
    const { y, ...after } = gru(b, x, { h: state["h"]! }, compositeWeights(weights), extent, attrs);
    return { y, state: after };
  },
} as const satisfies GatedCellDefinition<GruCellSpec>;
