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
  /** Size of the cell state c, and of h where it is not projected. */
  units: { kind: "count" },
  /** Activation of the candidate g. Default `tanh`. */
  activation: { kind: "oneOf", of: activationNames, default: "tanh" },
  /**
   * Activation of the gates i, f and o. Default `sigmoid`; Keras 2's `hard_sigmoid` is `hardSigmoidFifth`.
   */
  recurrentActivation: { kind: "oneOf", of: activationNames, default: "sigmoid" },
  /**
   * Activation of the cell state on its way into h. Default: the candidate's, as in Keras and PyTorch; ONNX
   * and TensorFlow 1 let it differ.
   */
  outputActivation: {
    kind: "oneOf",
    of: activationNames,
    default: ({ activation }: { activation?: unknown }) => activation,
  },
  /**
   * Size of h, where it is a projection of the cell's output (torch's `proj_size`); null, the default, where
   * h has `units`. c always has.
   */
  projection: { kind: "count", nullable: true, default: null },
  /**
   * Whether i and f see the cell state before the step, and o the one after it, each by a weight a unit
   * (ONNX, TensorFlow 1). Default false.
   */
  peepholes: { kind: "oneOf", of: [true, false], default: false },
  /**
   * Bound of the cell state: c is held between minus this and this at each step (TensorFlow 1's
   * `cell_clip`). Null, the default, for no bound.
   */
  cellClip: { kind: "positive", nullable: true, default: null },
  /**
   * `none`; `single`, one bias on x·K; or `split`, one of the input and one of the state. Default `single`;
   * PyTorch and ONNX have two.
   */
  bias: { kind: "oneOf", of: biasForms, default: "single" },
} as const satisfies Fields;

/**
 * An LSTM. Weights: `kernel` [inputSize, 4 units] with gates i f g o, `recurrentKernel` [size of h, 4
 * units], biases [4 units], `peephole` [3 units] of gates i f o, `projectionKernel` [units, projection].
 */
export interface LstmCellSpec extends FilledOf<typeof fields> {
  /** Which cell it is. */
  readonly kind: "lstm";
}

/** Mathematics of an LSTM. Gate columns in every weight: i f g o (Keras calls g `c`). */
export interface LstmMathematics extends Attrs {
  /** Activation of the candidate g. */
  readonly activation: Activation;
  /** Activation of the gates i, f and o. */
  readonly recurrentActivation: Activation;
  /** Of the cell state on its way into h; Keras and torch use the candidate's. */
  readonly outputActivation: Activation;
  /** Bounds of the cell state, where it has any. */
  readonly cellClip?: number;
}

export type LstmAttrs = LstmMathematics & RecurrentAttrs;

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
  attrs: LstmMathematics,
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
  const free = b.add(b.mul(f, c), b.mul(i, g));
  const { cellClip: limit } = attrs;
  const next = limit === undefined ? free : b.max(b.min(free, b.constant(limit)), b.constant(-limit));
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
export function lstmStep(
  block: Block,
  x: Value,
  state: { h: Value; c: Value },
  weights: NamedValues,
  attrs: LstmMathematics,
): { h: Value; c: Value } {
  const { activation, recurrentActivation, outputActivation, cellClip } = attrs;
  const clip = cellClip === undefined ? {} : { cellClip };
  return block.composite(
    "lstmCell",
    { x, ...state, ...weights },
    { activation, recurrentActivation, outputActivation, ...clip },
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
  return block.composite("lstm", { x, ...state, ...weights, ...extent }, { ...attrs }, (b, given) => {
    const { x, h, c, mask, lengths, ...captures } = given;
    const { y, carries } = foldCell(
      b,
      { x: x!, extent: { mask, lengths }, state: { h: h!, c: c! }, captures, attrs, output: { part: "h" } },
      (inner, { x, state, captures }) => outputH(equations(inner, x, state.h, state.c, captures, attrs)),
    );
    return { y, h: carries.h, c: carries.c };
  });
}

const gates = gatesByComposite.lstm;

const sizeOfH = ({ projection, units }: LstmCellSpec): number => projection ?? units;

const mathematics = (cell: LstmCellSpec): LstmMathematics => ({
  activation: cell.activation,
  recurrentActivation: cell.recurrentActivation,
  outputActivation: cell.outputActivation,
  // Left out where there is none, so that claims of engines that know no clipping hold.
  ...(cell.cellClip !== null && { cellClip: cell.cellClip }),
});

/**
 * An LSTM. Defaults: tanh candidate, sigmoid gates, the output squashed by the candidate's activation, no
 * projection, no peepholes, one bias.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const lstmCell = (options: OptionsOf<typeof fields>): LstmCellSpec => cellOf(lstmDefinition, options);

/** Definition of the LSTM cell, for a kit of `@unroll/api/core`. */
export const lstmDefinition = {
  kind: "lstm",
  fields,
  gates,
  state: (cell) => [
    { part: "h", shape: [sizeOfH(cell)], dtype: "float32" },
    { part: "c", shape: [cell.units], dtype: "float32" },
  ],
  outputSize: sizeOfH,
  outputPart: () => "h",
  weights: (cell) => [
    ...gatedWeights(cell, gates, sizeOfH(cell)),
    ...(cell.peepholes ? [{ name: "peephole", shape: [3 * cell.units] }] : []),
    ...(cell.projection === null ? [] : [{ name: "projectionKernel", shape: [cell.units, cell.projection] }]),
  ],
  step: (cell, x, { b, weights, state }) =>
    outputH(lstmStep(b, x, { h: state["h"]!, c: state["c"]! }, compositeWeights(weights), mathematics(cell))),
  fold(cell, x, { b, weights, state }, extent, how) {
    const initial = { h: state["h"]!, c: state["c"]! };
    const attrs = { ...how, ...mathematics(cell) };
    const { y, ...after } = lstm(b, x, initial, compositeWeights(weights), extent, attrs);
    return { y, state: after };
  },
} as const satisfies GatedCellDefinition<LstmCellSpec>;
