import { shown } from "../../contract/shown.js";
import type { Activation } from "../../layers/activations.js";
import { lstmCell, type LstmCellSpec } from "../../layers/cells.js";
import { type FoldOver, foldStep, type State } from "../fold.js";
import type { Tensor } from "../graph.js";
import { at, concat, maximum, minimum } from "../operations/index.js";
import { refuse } from "../refuse.js";
import { LSTMStateTuple } from "../structure.js";
import { activationOf, type CellActivation, EquationCell } from "./equation-cell.js";
import { assertFlags, optionsOf, sizeGiven } from "../options.js";

/** Options of {@link BasicLSTMCell}. */
export interface BasicLSTMCellOptions {
  /** Added to the forget gate at each step; it is in no variable. Default 1. */
  readonly forgetBias?: number;
  /** Whether the state is (c, h), the default, or one tensor [batch, 2 units] of both. */
  readonly stateIsTuple?: boolean;
  /** Of the candidate and of c on its way into h. Default tanh. */
  readonly activation?: CellActivation | null;
  /** Name of the scope of its variables. */
  readonly name?: string;
  /** Without effect: variables are shared by the scope, or by calling one cell again. */
  readonly reuse?: boolean | null;
}

/** Options of {@link LSTMCell}. */
export interface LSTMCellOptions extends BasicLSTMCellOptions {
  /** Whether gates see the cell state, each by a weight a unit. Default false. */
  readonly usePeepholes?: boolean;
  /** Bound of c, which the output gate and the output see. Default none. */
  readonly cellClip?: number | null;
  /** Size of the projection that h is. Default none: h has numUnits. */
  readonly numProj?: number | null;
  /** Bound of the projection. Default none. */
  readonly projClip?: number | null;
  /** Without effect: weights are restored. */
  readonly initializer?: unknown;
}

const basic = ["forgetBias", "stateIsTuple", "activation", "name", "reuse"] as const;
const all = [...basic, "usePeepholes", "cellClip", "numProj", "projClip", "initializer"] as const;

/** A bound that may be left out. @throws UNROLL_ARGUMENT for what is no number above 0 */
function boundGiven(place: string, value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  return refuse(place, "a number above 0", shown(value), "null for no bound");
}

/**
 * `tf.nn.rnn_cell.LSTMCell`:
 *
 * i, j, f, o = [x, h]·kernel + bias, c' = σ(f + forgetBias) ⊙ c + σ(i) ⊙ activation(j), h' = σ(o) ⊙
 * activation(c')
 *
 * With peepholes the arguments of i and f see c, that of o sees c'. `cellClip` bounds c' before o and h' see
 * it; `numProj` makes h' a projection, which `projClip` bounds.
 *
 * Variables: `kernel` [features + size of h, 4 units] with gates i j f o, `bias` [4 units], `w_i_diag`,
 * `w_f_diag`, `w_o_diag` [units], `projection/kernel` [units, numProj]. The state is (c, h).
 *
 * Source: TensorFlow 1.15, `rnn_cell_impl.py`; semantics rule `lstm`.
 */
export class LSTMCell extends EquationCell {
  /** @internal */
  static override readonly baseName: string = "lstm_cell";
  readonly #numUnits: number;
  readonly #size: number;
  readonly #forgetBias: number;
  readonly #tuple: boolean;
  readonly #projClip: number | null;
  readonly #fields: {
    readonly activation: Activation;
    readonly peepholes: boolean;
    readonly cellClip: number | null;
    readonly projection: number | null;
  };

  /** @throws UNROLL_ARGUMENT for options that there are none of, and values that they can't have */
  constructor(numUnits: number, options: LSTMCellOptions = {}) {
    super(optionsOf("LSTMCell", options, all).name);
    const {
      forgetBias = 1,
      stateIsTuple = true,
      usePeepholes = false,
      cellClip,
      numProj,
      projClip,
    } = options;
    this.#numUnits = sizeGiven("LSTMCell numUnits", numUnits);
    if (typeof forgetBias !== "number" || !Number.isFinite(forgetBias))
      refuse("LSTMCell forgetBias", "a number", shown(forgetBias), "1 is the default");
    assertFlags("LSTMCell", { stateIsTuple, usePeepholes });
    this.#forgetBias = forgetBias;
    this.#tuple = stateIsTuple;
    this.#fields = {
      activation: activationOf("LSTMCell", options.activation),
      peepholes: usePeepholes,
      cellClip: boundGiven("LSTMCell cellClip", cellClip),
      projection: numProj === undefined || numProj === null ? null : sizeGiven("LSTMCell numProj", numProj),
    };
    this.#size = this.#fields.projection ?? this.#numUnits;
    const bound = boundGiven("LSTMCell projClip", projClip);
    // TensorFlow clips projections alone.
    this.#projClip = this.#fields.projection === null ? null : bound;
  }

  get stateSize(): LSTMStateTuple<number> | number {
    return this.#tuple ? new LSTMStateTuple(this.#numUnits, this.#size) : this.#numUnits + this.#size;
  }

  get outputSize(): number {
    return this.#size;
  }

  protected override get addedToForget(): number {
    return this.#forgetBias;
  }

  protected specFor(inputSize: number): LstmCellSpec {
    return lstmCell({ inputSize, units: this.#numUnits, ...this.#fields });
  }

  protected partsOf(state: State): Record<string, Tensor> {
    const [c, h] = this.stateParts(state) as [Tensor, Tensor?];
    if (h) return { c, h };
    const all = this.#numUnits + this.#size;
    return { c: at(c, ":", [0, this.#numUnits]), h: at(c, ":", [this.#numUnits, all]) };
  }

  protected stateOf(parts: Readonly<Record<string, Tensor>>): State {
    const [c, h] = [parts["c"]!, parts["h"]!];
    return this.#tuple ? new LSTMStateTuple(c, h) : concat([c, h], 1);
  }

  override call(inputs: Tensor, state: State): [Tensor, State] {
    const [output, after] = super.call(inputs, state);
    if (this.#projClip === null) return [output, after];
    const clipped = maximum(minimum(output, this.#projClip), -this.#projClip);
    return [clipped, this.stateOf({ ...this.partsOf(after), h: clipped })];
  }

  override fold(over: FoldOver): [Tensor, State] {
    // What is clipped goes into the next step, so no engine's own recurrence computes it.
    return this.#projClip === null
      ? super.fold(over)
      : foldStep(over, (inputs, state) => this.call(inputs, state));
  }
}

/**
 * `tf.nn.rnn_cell.BasicLSTMCell`: an {@link LSTMCell} without peepholes, clipping and projection, whose
 * variables stand in `basic_lstm_cell`.
 */
export class BasicLSTMCell extends LSTMCell {
  /** @internal */
  static override readonly baseName: string = "basic_lstm_cell";
  /** @throws UNROLL_ARGUMENT for options that there are none of */
  constructor(numUnits: number, options: BasicLSTMCellOptions = {}) {
    super(numUnits, optionsOf("BasicLSTMCell", options, basic));
  }
}
