import { shown } from "../../contract/shown.js";
import { sharesOf } from "../../layers/attention.js";
import { assertFlags, optionsOf, sizeGiven } from "../options.js";
import { Dense } from "../dense.js";
import { assertRows } from "../fold.js";
import { assertTensor, Tensor } from "../graph.js";
import {
  add,
  constant,
  divide,
  expandDims,
  matmul,
  multiply,
  reduceSum,
  sequenceMask,
  shape,
  softmax,
  sqrt,
  squeeze,
  tanh,
  where,
} from "../operations/index.js";
import { operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import type { SequenceLength } from "../rnn.js";
import { assertRank, lastSize, refuseShape } from "../static-shapes.js";
import { getVariable, variableScope } from "../variables.js";

/** What every mechanism takes. */
export interface AttentionMechanismOptions {
  /** Steps of each row of the memory; the others are not looked at. Default: all are real. */
  readonly memorySequenceLength?: SequenceLength | null;
  /** Only softmax, the default. */
  readonly probabilityFn?: null | ((x: Tensor) => Tensor);
  /** Only -Infinity, the default: what is not real has no share. */
  readonly scoreMaskValue?: number | null;
  /** Name of the scope of its variables. */
  readonly name?: string;
}

/** Options of {@link BahdanauAttention}. */
export interface BahdanauAttentionOptions extends AttentionMechanismOptions {
  /** Whether the vector of the score has a length and a bias of its own. Default false. */
  readonly normalize?: boolean;
}

/** Options of {@link LuongAttention}. */
export interface LuongAttentionOptions extends AttentionMechanismOptions {
  /** Whether the score is multiplied by a weight. Default false. */
  readonly scale?: boolean;
}

const common = ["memorySequenceLength", "probabilityFn", "scoreMaskValue", "name"] as const;

/** Lengths of as many rows as a memory has: a single one would be stretched. @throws UNROLL_SHAPE at a run */
const eachRow = (place: string, lengths: Tensor, memory: Tensor): Tensor =>
  operation(
    "AssertEqual",
    {
      inputs: [lengths, memory],
      build(_b, [own, whole]) {
        assertRows(`${place} memorySequenceLength`, whole!.type.shape[0] as number, [own!]);
        return [own!];
      },
    },
    [lengths],
  )[0]!;

/** How a query looks at a memory. */
export abstract class AttentionMechanism {
  /** The memory, zeros where it is not real: [batch, time, size]. */
  readonly values: Tensor;
  /** The memory as it is compared: [batch, time, numUnits]. */
  readonly keys: Tensor;
  readonly #mask: Tensor | null;
  readonly #scope: string;

  constructor(
    place: string,
    scope: string,
    numUnits: number,
    memory: Tensor,
    options: AttentionMechanismOptions,
  ) {
    assertTensor(`${place} memory`, memory);
    assertRank(`${place} memory`, memory, ["batch", "time", "size"]);
    const { memorySequenceLength: given, probabilityFn } = options;
    if (probabilityFn !== undefined && probabilityFn !== null && probabilityFn !== softmax)
      refuse(
        `${place} probabilityFn`,
        "nn.softmax",
        shown(probabilityFn),
        "leave it out",
        "UNROLL_UNSUPPORTED",
      );
    const { scoreMaskValue: masked = null } = options;
    if (masked !== null && masked !== -Infinity)
      refuse(
        `${place} scoreMaskValue`,
        "-Infinity",
        shown(masked),
        "leave it out: what is not real has no share",
        "UNROLL_UNSUPPORTED",
      );
    this.#scope = options.name ?? scope;
    if (given === undefined || given === null) this.#mask = null;
    else {
      const lengths = given instanceof Tensor ? given : constant(given, "int32");
      assertRank(`${place} memorySequenceLength`, lengths, ["batch"]);
      this.#mask = sequenceMask(eachRow(place, lengths, memory), shape(memory)[1]!);
    }
    this.values = this.#mask ? where(expandDims(this.#mask, 2), memory, 0) : memory;
    this.keys = new Dense(sizeGiven(`${place} numUnits`, numUnits), {
      useBias: false,
      name: "memory_layer",
    }).apply(this.values);
  }

  /** @internal How well each step fits: [batch, time], for a query [batch, size]. */
  protected abstract score(query: Tensor): Tensor;

  /** @internal Shares of the steps, [batch, time]; of a row that has none, zeros. */
  alignments(query: Tensor): Tensor {
    return variableScope(null, { defaultName: this.#scope }, () => {
      const score = this.score(query);
      if (!this.#mask) return softmax(score);
      return operation(
        "Softmax",
        {
          inputs: [score, this.#mask],
          build: (b, [scores, mask]) => [sharesOf(b, scores!, mask!, { emptyRows: "zeros" }).weights],
        },
        [score],
      )[0]!;
    });
  }

  /** @internal The mean of the memory by shares: [batch, size]. */
  context(alignments: Tensor): Tensor {
    return squeeze(matmul(expandDims(alignments, 1), this.values), [1]);
  }
}

/**
 * `tf.contrib.seq2seq.BahdanauAttention`: e_j = attention_v · tanh(m_j·memory_layer + q·query_layer).
 * Normalised, attention_v has the length `attention_g`, and `attention_b` is added before tanh.
 *
 * Variables: `memory_layer/kernel` [size, numUnits], where it is made; within the wrapper's scope
 * `bahdanau_attention/query_layer/kernel` [query size, numUnits] and `bahdanau_attention/attention_v`.
 */
export class BahdanauAttention extends AttentionMechanism {
  readonly #query: Dense;
  readonly #numUnits: number;
  readonly #normalize: boolean;
  #own: readonly Tensor[] | null = null;

  /** @param memory [batch, time, size] @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_UNSUPPORTED */
  constructor(numUnits: number, memory: Tensor, options: BahdanauAttentionOptions = {}) {
    optionsOf("BahdanauAttention", options, [...common, "normalize"]);
    super("BahdanauAttention", "bahdanau_attention", numUnits, memory, options);
    this.#numUnits = numUnits;
    assertFlags("BahdanauAttention", { normalize: options.normalize });
    this.#normalize = options.normalize ?? false;
    this.#query = new Dense(numUnits, { useBias: false, name: "query_layer" });
  }

  protected score(query: Tensor): Tensor {
    const compared = expandDims(this.#query.apply(query), 1);
    this.#own ??= this.#normalize
      ? [
          getVariable("attention_v", [this.#numUnits]),
          getVariable("attention_g", []),
          getVariable("attention_b", [this.#numUnits]),
        ]
      : [getVariable("attention_v", [this.#numUnits])];
    const [v, g, bias] = this.#own as [Tensor, Tensor?, Tensor?];
    if (!g || !bias) return reduceSum(multiply(v, tanh(add(this.keys, compared))), 2);
    const unit = divide(multiply(g, v), sqrt(reduceSum(multiply(v, v), 0)));
    return reduceSum(multiply(unit, tanh(add(add(this.keys, compared), bias))), 2);
  }
}

/**
 * `tf.contrib.seq2seq.LuongAttention`: e_j = q · (m_j·memory_layer), times `attention_g` where scaled. The
 * query is as large as numUnits.
 *
 * Variables: `memory_layer/kernel` [size, numUnits], where it is made; within the wrapper's scope
 * `luong_attention/attention_g` [].
 */
export class LuongAttention extends AttentionMechanism {
  readonly #numUnits: number;
  readonly #scale: boolean;
  #own: Tensor | null = null;

  /** @param memory [batch, time, size] @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_UNSUPPORTED */
  constructor(numUnits: number, memory: Tensor, options: LuongAttentionOptions = {}) {
    optionsOf("LuongAttention", options, [...common, "scale"]);
    super("LuongAttention", "luong_attention", numUnits, memory, options);
    this.#numUnits = numUnits;
    assertFlags("LuongAttention", { scale: options.scale });
    this.#scale = options.scale ?? false;
  }

  protected score(query: Tensor): Tensor {
    const size = lastSize("LuongAttention query", query);
    if (size !== this.#numUnits)
      refuseShape(
        "LuongAttention",
        `a query of ${this.#numUnits}, the numUnits`,
        `${size}`,
        "numUnits is the cell's size",
      );
    const terms = reduceSum(multiply(this.keys, expandDims(query, 1)), 2);
    if (!this.#scale) return terms;
    this.#own ??= getVariable("attention_g", []);
    return multiply(this.#own, terms);
  }
}
