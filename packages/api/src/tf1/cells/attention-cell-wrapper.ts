import { kindOf } from "../../contract/kind.js";
import { isTensor, type State } from "../fold.js";
import type { Tensor } from "../graph.js";
import { linear } from "../linear.js";
import {
  add,
  at,
  concat,
  expandDims,
  matmul,
  multiply,
  reduceSum,
  reshape,
  type SizeLike,
  softmax,
  squeeze,
  tanh,
} from "../operations/index.js";
import { refuse } from "../refuse.js";
import { lastSize } from "../static-shapes.js";
import { flatten, type Structure } from "../structure.js";
import { getVariable, variableScope } from "../variables.js";
import { RNNCell } from "./rnn-cell.js";
import { optionsOf, sizeGiven } from "../options.js";

/** Options of {@link AttentionCellWrapper}. */
export interface AttentionCellWrapperOptions {
  /** Size of what is attended to. Default the cell's output. */
  readonly attnSize?: number | null;
  /** Size of the layer that compares. Default `attnSize`. */
  readonly attnVecSize?: number | null;
  /** Size of the cell's input. Default that of the wrapper's. */
  readonly inputSize?: number | null;
  /** Only true: the state is a list. */
  readonly stateIsTuple?: boolean;
  /** Without effect: variables are shared by the scope, or by calling one cell again. */
  readonly reuse?: boolean | null;
}

/**
 * `tf.contrib.rnn.AttentionCellWrapper`: a cell that attends to its own last outputs.
 *
 * x' = [x, a]·kernel + bias goes into the cell; from its state s, e_j = Σ attn_v ⊙ tanh(m_j·attn_w +
 * s·kernel + bias), a' = Σ softmax(e)_j m_j; the output [cell output, a']·kernel + bias takes the place of
 * the oldest m.
 *
 * The state is a list of the cell's, a [batch, attnSize], and the outputs m [batch, attnSize attnLength],
 * oldest first. Variables stand in `attention_cell_wrapper`: `kernel`, `bias`; `attention/attn_w` [1, 1,
 * attnSize, attnVecSize], `attention/attn_v`, `attention/kernel`, `attention/bias`;
 * `attn_output_projection/kernel` and `bias`.
 *
 * Source: TensorFlow 1.15, `contrib/rnn/python/ops/rnn_cell.py`.
 */
export class AttentionCellWrapper extends RNNCell {
  /** @internal */
  static override readonly baseName: string = "attention_cell_wrapper";
  readonly #cell: RNNCell;
  readonly #length: number;
  readonly #size: number;
  readonly #vectorSize: number;
  readonly #inputSize: number | null;

  /**
   * @param attnLength how many outputs are attended to
   * @throws UNROLL_ARGUMENT for options that there are none of; UNROLL_UNSUPPORTED for `stateIsTuple: false`
   */
  constructor(cell: RNNCell, attnLength: number, options: AttentionCellWrapperOptions = {}) {
    super();
    const place = "AttentionCellWrapper";
    optionsOf(place, options, ["attnSize", "attnVecSize", "inputSize", "stateIsTuple", "reuse"]);
    if (!(cell instanceof RNNCell)) refuse(place, "a cell", kindOf(cell), "e.g. new BasicLSTMCell(20)");
    if (options.stateIsTuple === false)
      refuse(
        `${place} stateIsTuple`,
        "true",
        "false",
        "take the state out of the list",
        "UNROLL_UNSUPPORTED",
      );
    const { attnSize, attnVecSize, inputSize } = options;
    this.#cell = cell;
    this.#length = sizeGiven(`${place} attnLength`, attnLength);
    this.#size = sizeGiven(`${place} attnSize`, attnSize ?? cell.outputSize);
    this.#vectorSize = sizeGiven(`${place} attnVecSize`, attnVecSize ?? this.#size);
    this.#inputSize =
      inputSize === undefined || inputSize === null ? null : sizeGiven(`${place} inputSize`, inputSize);
  }

  get stateSize(): readonly Structure<SizeLike>[] {
    return [this.#cell.stateSize, this.#size, this.#size * this.#length];
  }

  get outputSize(): number {
    return this.#size;
  }

  call(inputs: Tensor, state: State): [Tensor, State] {
    const place = this.scopeName;
    if (!Array.isArray(state) || state.length !== 3)
      refuse(
        `${place} state`,
        "[cell state, attention, outputs]",
        kindOf(state),
        "zeroState(batchSize) has the form",
      );
    const [own, attended, last] = state as unknown as [State, Tensor, Tensor];
    const size = this.#inputSize ?? lastSize(place, inputs);
    const [cellOutput, next] = this.#cell(linear(place, [inputs, attended], size, true), own);
    const memory = reshape(last, [-1, this.#length, this.#size]);
    const query = flatten(place, next, isTensor);
    const context = variableScope("attention", () => this.#attend(query, memory));
    const output = variableScope("attn_output_projection", () =>
      linear(place, [cellOutput, context], this.#size, true),
    );
    const newest = expandDims(output, 1);
    const moved = this.#length === 1 ? newest : concat([at(memory, ":", [1]), newest], 1);
    return [output, [next, context, reshape(moved, [-1, this.#length * this.#size])]];
  }

  /** The mean of the memory [batch, attnLength, attnSize], weighted by how it fits the query. */
  #attend(query: readonly Tensor[], memory: Tensor): Tensor {
    const [size, vector] = [this.#size, this.#vectorSize];
    const kernel = reshape(getVariable("attn_w", [1, 1, size, vector]), [size, vector]);
    const scale = getVariable("attn_v", [vector]);
    const features = reshape(matmul(reshape(memory, [-1, size]), kernel), [-1, this.#length, vector]);
    const compared = tanh(add(features, expandDims(linear(this.scopeName, query, vector, true), 1)));
    const shares = softmax(reduceSum(multiply(scale, compared), 2));
    return squeeze(matmul(expandDims(shares, 1), memory), [1]);
  }
}
