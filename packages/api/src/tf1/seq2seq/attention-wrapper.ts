import { isRecord, kindOf } from "../../contract/kind.js";
import { knownOptions } from "../../contract/known-options.js";
import { RNNCell } from "../cells/rnn-cell.js";
import { assertFlags, optionsOf, sizeGiven } from "../options.js";
import { Dense } from "../dense.js";
import { assertRows, type State } from "../fold.js";
import type { Tensor } from "../graph.js";
import { type AxisSize, concat, shape, type SizeLike, zeros } from "../operations/index.js";
import { operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import { NamedTuple, type Structure } from "../structure.js";
import { assertFloat } from "../variables.js";
import { AttentionMechanism } from "./attention-mechanisms.js";

/** Parts of the state of an {@link AttentionWrapper}. */
export interface AttentionWrapperParts<T> {
  /** State of the cell within. */
  readonly cellState: Structure<T>;
  /** What was seen at the step before, [batch, attention size]. */
  readonly attention: T;
  /** Shares of the memory's steps at the step before, [batch, time]. */
  readonly alignments: T;
}

/**
 * `tf.contrib.seq2seq.AttentionWrapperState`. TensorFlow's `time` is not among it, as nothing is computed of
 * it, nor is the history of alignments.
 */
export class AttentionWrapperState<T> extends NamedTuple<T> implements AttentionWrapperParts<T> {
  readonly cellState: Structure<T>;
  readonly attention: T;
  readonly alignments: T;

  /** Of its parts. */
  constructor({ cellState, attention, alignments }: AttentionWrapperParts<T>) {
    super();
    this.cellState = cellState;
    this.attention = attention;
    this.alignments = alignments;
  }

  values(): readonly unknown[] {
    return [this.cellState, this.attention, this.alignments];
  }

  with([cellState, attention, alignments]: readonly unknown[]): AttentionWrapperState<T> {
    return new AttentionWrapperState({
      cellState: cellState as Structure<T>,
      attention: attention as T,
      alignments: alignments as T,
    });
  }

  /** The same with other parts: `zeroState(batch).clone({ cellState: encoderState })`. */
  clone(parts: Partial<AttentionWrapperParts<T>>): AttentionWrapperState<T> {
    if (!isRecord(parts)) refuse("clone", "parts by name", kindOf(parts), "e.g. { cellState: encoderState }");
    knownOptions("clone", parts, ["cellState", "attention", "alignments"]);
    const { cellState, attention, alignments } = this;
    return new AttentionWrapperState<T>({ cellState, attention, alignments, ...parts });
  }
}

/** Options of {@link AttentionWrapper}. */
export interface AttentionWrapperOptions {
  /** Size of the layer over the cell's output and what is seen. Default none: that is the attention. */
  readonly attentionLayerSize?: number | null;
  /** Only false: fetch `alignments` of the state at each step. */
  readonly alignmentHistory?: boolean;
  /** What the cell's input is made of. Default the input and the attention before, beside each other. */
  readonly cellInputFn?: ((inputs: Tensor, attention: Tensor) => Tensor) | null;
  /** Whether the attention is the output; otherwise the cell's is. Default true. */
  readonly outputAttention?: boolean;
  /** State of the cell that `zeroState` has. Default zeros. */
  readonly initialCellState?: State | null;
  /** Name of the scope of its variables. */
  readonly name?: string;
}

const known = [
  "attentionLayerSize",
  "alignmentHistory",
  "cellInputFn",
  "outputAttention",
  "initialCellState",
] as const;

/**
 * `tf.contrib.seq2seq.AttentionWrapper`: a cell that sees a memory. Its input is [x, attention before]; of
 * its output the mechanism makes shares, the mean of the memory by them, and attention_layer of [output,
 * mean] the attention.
 *
 * Variables stand in `attention_wrapper`: the cell's, the mechanism's, and `attention_layer/kernel` [cell
 * output + memory size, attentionLayerSize].
 *
 * Source: TensorFlow 1.15, `contrib/seq2seq/python/ops/attention_wrapper.py`.
 */
export class AttentionWrapper extends RNNCell {
  /** @internal */
  static override readonly baseName: string = "attention_wrapper";
  readonly #cell: RNNCell;
  readonly #mechanism: AttentionMechanism;
  readonly #layer: Dense | null;
  readonly #size: number;
  readonly #input: (inputs: Tensor, attention: Tensor) => Tensor;
  readonly #outputAttention: boolean;
  readonly #initial: State | null;

  /** @throws UNROLL_ARGUMENT; UNROLL_UNSUPPORTED for several mechanisms and for `alignmentHistory` */
  constructor(cell: RNNCell, attentionMechanism: AttentionMechanism, options: AttentionWrapperOptions = {}) {
    const place = "AttentionWrapper";
    optionsOf(place, options, [...known, "name"]);
    super(options.name);
    if (!(cell instanceof RNNCell)) refuse(place, "a cell", kindOf(cell), "e.g. new BasicLSTMCell(20)");
    if (!(attentionMechanism instanceof AttentionMechanism))
      refuse(
        place,
        "one mechanism",
        kindOf(attentionMechanism),
        "e.g. new LuongAttention(20, memory)",
        "UNROLL_UNSUPPORTED",
      );
    const { alignmentHistory, cellInputFn: input } = options;
    assertFlags(place, { alignmentHistory, outputAttention: options.outputAttention });
    if (input !== undefined && input !== null && typeof input !== "function")
      refuse(`${place} cellInputFn`, "a function of tensors", kindOf(input), "or leave it out");
    if (alignmentHistory)
      refuse(
        `${place} alignmentHistory`,
        "false",
        "true",
        "fetch the state's alignments at each step",
        "UNROLL_UNSUPPORTED",
      );
    const { attentionLayerSize: size, cellInputFn, outputAttention = true, initialCellState } = options;
    this.#cell = cell;
    this.#mechanism = attentionMechanism;
    this.#layer =
      size === undefined || size === null
        ? null
        : new Dense(sizeGiven(`${place} attentionLayerSize`, size), {
            useBias: false,
            name: "attention_layer",
          });
    this.#size = this.#layer?.units ?? (attentionMechanism.values.shape[2] as number);
    this.#input = cellInputFn ?? ((inputs, attention) => concat([inputs, attention], 1));
    this.#outputAttention = outputAttention;
    this.#initial = initialCellState ?? null;
  }

  get #steps(): AxisSize {
    return shape(this.#mechanism.values)[1]!;
  }

  get stateSize(): NamedTuple<SizeLike> {
    return new AttentionWrapperState<SizeLike>({
      cellState: this.#cell.stateSize,
      attention: this.#size,
      alignments: this.#steps,
    });
  }

  get outputSize(): number {
    return this.#outputAttention ? this.#size : this.#cell.outputSize;
  }

  override zeroState(batchSize: SizeLike, dtype: "float32" = "float32"): AttentionWrapperState<Tensor> {
    assertFloat("zeroState dtype", dtype);
    return new AttentionWrapperState<Tensor>({
      cellState: this.#initial ?? this.#cell.zeroState(batchSize, dtype),
      attention: zeros([batchSize, this.#size]),
      alignments: zeros([batchSize, this.#steps]),
    });
  }

  call(inputs: Tensor, state: State): [Tensor, State] {
    if (!(state instanceof AttentionWrapperState))
      refuse(
        `${this.scopeName} state`,
        "AttentionWrapperState",
        kindOf(state),
        "zeroState(batchSize).clone({ cellState })",
      );
    const before = state as AttentionWrapperState<Tensor>;
    const [output, cellState] = this.#cell(this.#input(inputs, before.attention), before.cellState);
    const { scopeName } = this;
    const [query] = operation(
      "AssertEqual",
      {
        inputs: [output, this.#mechanism.values],
        build(_b, [own, memory]) {
          assertRows(`${scopeName} memory`, own!.type.shape[0] as number, [memory!]);
          return [own!];
        },
      },
      [output],
    ) as [Tensor];
    const alignments = this.#mechanism.alignments(query);
    const seen = this.#mechanism.context(alignments);
    const attention = this.#layer ? this.#layer.apply(concat([output, seen], 1)) : seen;
    const after = new AttentionWrapperState<Tensor>({ cellState, attention, alignments });
    return [this.#outputAttention ? attention : output, after];
  }
}
