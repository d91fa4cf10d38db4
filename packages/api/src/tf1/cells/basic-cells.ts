import type { Tensor } from "../graph.js";
import type { Activation } from "../../layers/activations.js";
import { gruCell, simpleRnnCell } from "../../layers/cells.js";
import type { State } from "../fold.js";
import { activationOf, type CellActivation, EquationCell } from "./equation-cell.js";
import { optionsOf, sizeGiven } from "../options.js";

/** Options of `BasicRNNCell` and `GRUCell`. */
export interface SimpleCellOptions {
  /** Of the candidate. Default tanh. */
  readonly activation?: CellActivation | null;
  /** Name of the scope of its variables. */
  readonly name?: string;
  /** Without effect: variables are shared by the scope, or by calling one cell again. */
  readonly reuse?: boolean | null;
  /** Without effect: weights are restored. */
  readonly kernelInitializer?: unknown;
  /** Without effect: weights are restored. */
  readonly biasInitializer?: unknown;
}

const known = ["activation", "name", "reuse", "kernelInitializer", "biasInitializer"] as const;

/** A cell whose state is its output. */
abstract class HiddenStateCell extends EquationCell {
  protected readonly numUnits: number;
  protected readonly activation: Activation;

  constructor(kind: string, numUnits: number, options: SimpleCellOptions) {
    super(optionsOf(kind, options, known).name);
    this.numUnits = sizeGiven(`${kind} numUnits`, numUnits);
    this.activation = activationOf(kind, options.activation);
  }

  get stateSize(): number {
    return this.numUnits;
  }

  get outputSize(): number {
    return this.numUnits;
  }

  protected partsOf(state: State): Record<string, Tensor> {
    return { h: this.stateParts(state)[0]! };
  }

  protected stateOf(parts: Readonly<Record<string, Tensor>>): State {
    return parts["h"]!;
  }
}

/**
 * `tf.nn.rnn_cell.BasicRNNCell`: h' = activation([x, h]·kernel + bias).
 *
 * Variables: `kernel` [features + units, units], `bias` [units].
 */
export class BasicRNNCell extends HiddenStateCell {
  /** @internal */
  static override readonly baseName: string = "basic_rnn_cell";
  /** @throws UNROLL_ARGUMENT for options that there are none of */
  constructor(numUnits: number, options: SimpleCellOptions = {}) {
    super("BasicRNNCell", numUnits, options);
  }

  protected specFor(inputSize: number) {
    return simpleRnnCell({ inputSize, units: this.numUnits, activation: this.activation });
  }
}

/**
 * `tf.nn.rnn_cell.GRUCell`, whose reset gate acts before the product: r, u = σ([x, h]·gates), c =
 * activation([x, r ⊙ h]·candidate), h' = u ⊙ h + (1 - u) ⊙ c. Variables: `gates/kernel` [features + units, 2
 * units], `gates/bias`, `candidate/kernel` [features + units, units], `candidate/bias`.
 */
export class GRUCell extends HiddenStateCell {
  /** @internal */
  static override readonly baseName: string = "gru_cell";
  /** @throws UNROLL_ARGUMENT for options that there are none of */
  constructor(numUnits: number, options: SimpleCellOptions = {}) {
    super("GRUCell", numUnits, options);
  }

  protected specFor(inputSize: number) {
    return gruCell({ inputSize, units: this.numUnits, activation: this.activation, resetAfter: false });
  }
}
