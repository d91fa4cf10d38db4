import { kindOf } from "../../contract/kind.js";
import type { FoldOver, State } from "../fold.js";
import { getDefaultGraph, type Tensor } from "../graph.js";
import type { SizeLike } from "../operations/index.js";
import { refuse } from "../refuse.js";
import { NamedTuple, type Structure } from "../structure.js";
import { RNNCell } from "./rnn-cell.js";
import { optionsOf } from "../options.js";

/** Options of {@link MultiRNNCell}. */
export interface MultiRNNCellOptions {
  /** Only true: the state is a list of the cells' states. */
  readonly stateIsTuple?: boolean;
}

/**
 * `tf.nn.rnn_cell.MultiRNNCell`: cells one above another, each with the output of the one below as its input.
 * The state is a list of their states. Variables of cell k stand in `multi_rnn_cell/cell_k`.
 */
export class MultiRNNCell extends RNNCell {
  /** @internal */
  static override readonly baseName: string = "multi_rnn_cell";
  readonly #cells: readonly RNNCell[];

  /** @throws UNROLL_ARGUMENT for no cells; UNROLL_UNSUPPORTED for `stateIsTuple: false` */
  constructor(cells: readonly RNNCell[], options: MultiRNNCellOptions = {}) {
    super();
    optionsOf("MultiRNNCell", options, ["stateIsTuple"]);
    if (options.stateIsTuple === false)
      refuse(
        "MultiRNNCell stateIsTuple",
        "true",
        "false",
        "take the states out of the list; variables are the same",
        "UNROLL_UNSUPPORTED",
      );
    if (!Array.isArray(cells) || cells.length === 0 || cells.some((cell) => !(cell instanceof RNNCell)))
      refuse("MultiRNNCell", "cells in a list, at least one", kindOf(cells), "e.g. [new BasicLSTMCell(20)]");
    this.#cells = [...cells];
  }

  get stateSize(): readonly Structure<SizeLike>[] {
    return this.#cells.map((cell) => cell.stateSize);
  }

  get outputSize(): number {
    return this.#cells.at(-1)!.outputSize;
  }

  override zeroState(batchSize: SizeLike, dtype: "float32" = "float32"): readonly State[] {
    return this.#cells.map((cell) => cell.zeroState(batchSize, dtype));
  }

  call(inputs: Tensor, state: State): [Tensor, readonly State[]] {
    return this.#each(inputs, state, (cell, x, own) => cell(x, own));
  }

  override fold({ x, state, ...how }: FoldOver): [Tensor, readonly State[]] {
    // Cell by cell over all of time is the same as step by step through all cells.
    return this.enter(() => this.#each(x, state, (cell, x, state) => cell.fold({ x, state, ...how })));
  }

  #each(
    inputs: Tensor,
    state: State,
    run: (cell: RNNCell, x: Tensor, state: State) => [Tensor, State],
  ): [Tensor, readonly State[]] {
    const given: unknown = state instanceof NamedTuple ? [...state] : state;
    if (!Array.isArray(given) || given.length !== this.#cells.length)
      refuse(
        `${this.scopeName} state`,
        `a list of ${this.#cells.length} states`,
        Array.isArray(given) ? `${given.length}` : kindOf(given),
        "zeroState(batchSize) has the form",
      );
    const states = given as readonly State[];
    let output = inputs;
    const after = this.#cells.map((cell, k) => {
      const [next, own] = getDefaultGraph().scopes.within({ scope: `cell_${k}` }, () =>
        run(cell, output, states[k]!),
      );
      output = next;
      return own;
    });
    return [output, after];
  }
}
