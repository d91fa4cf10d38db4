import { kindOf } from "../../contract/kind.js";
import { shown } from "../../contract/shown.js";
import { allocate, type DType, type HostTensor } from "../../contract/tensor.js";
import { RNNCell } from "../cells/rnn-cell.js";
import { Dense } from "../dense.js";
import { isTensor, type State } from "../fold.js";
import type { Result, StaticShape, Tensor } from "../graph.js";
import {
  concat,
  embeddingLookup,
  expandDims,
  placeholder,
  reduceMean,
  reshape,
} from "../operations/index.js";
import { operation } from "../operations/operation.js";
import { assertFlags, optionsOf, sizeGiven } from "../options.js";
import { refuse } from "../refuse.js";
import type { SequenceLength } from "../rnn.js";
import { lastSize } from "../static-shapes.js";
import { filled, flatten, flattenLike, NamedTuple, type Structure } from "../structure.js";
import { AttentionWrapperState } from "./attention-wrapper.js";
import { beamSearchStep, type BeamSearch } from "./beam-search-step.js";
import { Decoder, type Decoding, type DecodingOptions, stacked, type Steps } from "./decoder.js";
import { beamsOf } from "./gather-tree.js";
import { wholeRows } from "./helpers.js";

/** What the steps of a beam search chose: `tf.contrib.seq2seq.BeamSearchDecoderOutput`. */
export interface BeamSearchDecoderOutput {
  /** By which beams are compared, the best first, [batch, time, beamWidth]. */
  readonly scores: Tensor;
  /** What each step appends to a beam, int32 [batch, time, beamWidth]. */
  readonly predictedIds: Tensor;
  /** Which beam of the step before it appends to, int32 [batch, time, beamWidth]. */
  readonly parentIds: Tensor;
}

/** What a beam search comes to: `tf.contrib.seq2seq.FinalBeamSearchDecoderOutput`. */
export interface FinalBeamSearchDecoderOutput {
  /** Whole beams, the best first, int32 [batch, time, beamWidth]; end tokens where a beam has ended. */
  readonly predictedIds: Tensor;
  /** What each step chose. */
  readonly beamSearchDecoderOutput: BeamSearchDecoderOutput;
}

/** Parts of the state of a {@link BeamSearchDecoder}. */
export interface BeamSearchDecoderParts<T> {
  /** State of the cell, [batch, beamWidth, ...]. */
  readonly cellState: Structure<T>;
  /** Logarithm of what each beam is likely by, [batch, beamWidth]. */
  readonly logProbs: T;
  /** Whether each has its end token, bool [batch, beamWidth]. */
  readonly finished: T;
  /** Ids of each, its end token among them, int32 [batch, beamWidth]. */
  readonly lengths: T;
  /** Shares of the memory, summed, [batch, beamWidth, time]; an empty list without a penalty of coverage. */
  readonly accumulatedAttentionProbs: T | readonly [];
}

/** `tf.contrib.seq2seq.BeamSearchDecoderState`. */
export class BeamSearchDecoderState<T> extends NamedTuple<T> implements BeamSearchDecoderParts<T> {
  readonly cellState: Structure<T>;
  readonly logProbs: T;
  readonly finished: T;
  readonly lengths: T;
  readonly accumulatedAttentionProbs: T | readonly [];

  /** Of its parts. */
  constructor(parts: BeamSearchDecoderParts<T>) {
    super();
    this.cellState = parts.cellState;
    this.logProbs = parts.logProbs;
    this.finished = parts.finished;
    this.lengths = parts.lengths;
    this.accumulatedAttentionProbs = parts.accumulatedAttentionProbs;
  }

  values(): readonly unknown[] {
    return [this.cellState, this.logProbs, this.finished, this.lengths, this.accumulatedAttentionProbs];
  }

  with([cellState, logProbs, finished, lengths, sums]: readonly unknown[]): BeamSearchDecoderState<T> {
    return new BeamSearchDecoderState({
      cellState: cellState as Structure<T>,
      logProbs: logProbs as T,
      finished: finished as T,
      lengths: lengths as T,
      accumulatedAttentionProbs: sums as T | readonly [],
    });
  }
}

/** Options of {@link BeamSearchDecoder}. */
export interface BeamSearchDecoderOptions {
  /** A layer over the cell's output that makes scores of ids of it. Default none. */
  readonly outputLayer?: Dense | null;
  /** How much the length of a beam counts for it. Default 0: not at all. */
  readonly lengthPenaltyWeight?: number;
  /** How much it counts for a beam to have looked at all of the memory. Default 0: not at all. */
  readonly coveragePenaltyWeight?: number;
  /** Without effect: no history of alignments is kept that could be reordered. */
  readonly reorderTensorArrays?: boolean;
}

const known = ["outputLayer", "lengthPenaltyWeight", "coveragePenaltyWeight", "reorderTensorArrays"] as const;

const finite = (place: string, given: unknown): number =>
  typeof given === "number" && Number.isFinite(given)
    ? given
    : refuse(place, "a finite number", shown(given), "0 for none");

type FinalState = BeamSearchDecoderState<Tensor>;

/** Shares that the attention of a state has of the memory, the mean of several; null for a state of none. */
function attentionOf(state: State): Tensor | null {
  const all: readonly unknown[] = Array.isArray(state) ? state : [state];
  const shares = all.flatMap((one) =>
    one instanceof AttentionWrapperState ? [(one as AttentionWrapperState<Tensor>).alignments] : [],
  );
  if (shares.length < 2) return shares[0] ?? null;
  const rank = shares[0]!.shape.length;
  const beside = shares.map((share) => expandDims(share, rank));
  return reduceMean(concat(beside, rank), rank);
}

/**
 * `tf.contrib.seq2seq.BeamSearchDecoder`: keeps the beams of the best scores at each step. Every beam is a
 * row to the cell, so its initial state and the memory of its attention are made by `tileBatch`.
 *
 * ```ts
 * const tiled = seq2seq.tileBatch(encoderState, 5);
 * const decoder = new seq2seq.BeamSearchDecoder(cell, embedding, startTokens, endToken, tiled, 5, {
 *   outputLayer,
 *   lengthPenaltyWeight: 0.6,
 * });
 * const [{ predictedIds }] = seq2seq.dynamicDecode(decoder, { maximumIterations: 50 });
 * ```
 *
 * As in TensorFlow, scores count the end token in a beam's length from the step after the one that appends
 * it; where there are fewer beams than `beamWidth`, the rest has scores of -Infinity or the lowest float32.
 *
 * Source: TensorFlow 1.15, `contrib/seq2seq/python/ops/beam_search_decoder.py`.
 */
export class BeamSearchDecoder extends Decoder<FinalBeamSearchDecoderOutput, FinalState> {
  readonly #cell: RNNCell;
  readonly #fed: Tensor;
  readonly #stepInput: Tensor;
  readonly #start: Tensor;
  readonly #initialState: State;
  readonly #outputLayer: Dense | null;
  readonly #how: BeamSearch;

  /**
   * @param embedding a table [vocabulary, features], or a function of ids [batch, beamWidth]
   * @param startTokens int32 [batch]
   * @param endToken the id that ends a beam
   * @param initialState of the cell, [batch × beamWidth, ...]
   * @throws UNROLL_ARGUMENT, UNROLL_SHAPE
   */
  constructor(
    cell: RNNCell,
    embedding: Tensor | ((ids: Tensor) => Tensor),
    startTokens: SequenceLength,
    endToken: number,
    initialState: State,
    beamWidth: number,
    options: BeamSearchDecoderOptions = {},
  ) {
    super();
    const place = "BeamSearchDecoder";
    optionsOf(place, options, known);
    const { outputLayer = null, lengthPenaltyWeight = 0, coveragePenaltyWeight = 0 } = options;
    assertFlags(place, { reorderTensorArrays: options.reorderTensorArrays });
    if (!(cell instanceof RNNCell)) refuse(place, "a cell", kindOf(cell), "e.g. an AttentionWrapper");
    if (!Number.isInteger(endToken)) refuse(`${place} endToken`, "an id", shown(endToken), "e.g. 1");
    if (outputLayer !== null && !(outputLayer instanceof Dense))
      refuse(`${place} outputLayer`, "a layer", kindOf(outputLayer), "e.g. new layers.Dense(50)");
    this.#how = {
      width: sizeGiven(`${place} beamWidth`, beamWidth),
      endToken,
      lengthPenaltyWeight: finite(`${place} lengthPenaltyWeight`, lengthPenaltyWeight),
      coveragePenaltyWeight: finite(`${place} coveragePenaltyWeight`, coveragePenaltyWeight),
    };
    flatten(`${place} initialState`, initialState, isTensor);
    if (coveragePenaltyWeight !== 0 && !attentionOf(initialState))
      refuse(
        `${place} coveragePenaltyWeight`,
        "0, as the cell looks at no memory",
        shown(coveragePenaltyWeight),
        "coverage is of the memory of an AttentionWrapper",
      );
    this.#cell = cell;
    this.#start = wholeRows(`${place} startTokens`, startTokens);
    this.#fed = placeholder("int32", [null, beamWidth], "step_ids");
    const inputs =
      typeof embedding === "function" ? embedding(this.#fed) : embeddingLookup(embedding, this.#fed);
    this.#stepInput = reshape(inputs, [-1, lastSize(`${place} embedding`, inputs)]);
    this.#initialState = initialState;
    this.#outputLayer = outputLayer;
  }

  /** @internal */
  decoding({ imputeFinished }: DecodingOptions): Decoding<FinalBeamSearchDecoderOutput, FinalState> {
    const place = "dynamicDecode";
    if (imputeFinished)
      refuse(
        `${place} imputeFinished`,
        "false for a BeamSearchDecoder",
        "true",
        "beams that have ended keep their scores by themselves",
      );
    const how = this.#how;
    const { width } = how;
    const beside = how.coveragePenaltyWeight === 0 ? null : attentionOf(this.#initialState);
    const initial = flatten(place, this.#initialState, isTensor);
    const state = initial.map(({ shape }) => placeholder("float32", [null, ...shape.slice(1)], "step_state"));
    const beams = (dtype: DType): Tensor => placeholder(dtype, [null, width], "step_beams");
    const [logProbs, finished, lengths] = [beams("float32"), beams("bool"), beams("int32")];
    const sums = beside && [placeholder("float32", [null, width, beside.shape[1]!], "step_attention")];
    let next = 0;
    const [output, after] = this.#cell(
      this.#stepInput,
      filled(this.#initialState, isTensor, () => state[next++]!),
    );
    const logits = this.#outputLayer ? this.#outputLayer.apply(output) : output;
    lastSize(`BeamSearchDecoder output`, logits);
    const attention = beside && [attentionOf(after)!];
    const each: Result[] = [this.#start.shape[0] ?? null].flatMap((batch) =>
      (["float32", "int32", "int32", "float32", "bool", "int32"] as const).map((dtype) => ({
        dtype,
        shape: [batch, width],
      })),
    );
    const sumOf = (batch: number | null): Result[] =>
      beside ? [{ dtype: "float32", shape: [batch, width, beside.shape[1]!] }] : [];
    const [scores, ids, parents, nextProbs, nextFinished, nextLengths, rows, ...nextSums] = operation(
      "BeamSearchDecoderStep",
      {
        inputs: [logits, logProbs, finished, lengths, ...(attention ?? []), ...(sums ?? [])],
        build(b, [scored, probs, ended, taken, seen, seenBefore]) {
          const before = { logProbs: probs!, finished: ended!, lengths: taken! };
          const from = { logits: scored!, attention: seen ?? null, accumulated: seenBefore ?? null };
          const step = beamSearchStep(b, how, before, from);
          const { beams } = step;
          const kept = [beams.logProbs, beams.finished, beams.lengths, step.rows];
          return [step.scores, step.ids, step.parents, ...kept, ...(step.sums ? [step.sums] : [])];
        },
      },
      [...each, { dtype: "int32", shape: [null] }, ...sumOf(null)],
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor?];
    const following = flattenLike(place, this.#initialState, after, isTensor) as Tensor[];
    const batch = this.#start.shape[0] ?? null;
    const overTime = (dtype: DType): Result => ({ dtype, shape: [batch, null, width] });
    const split = (shape: StaticShape): StaticShape => [batch, width, ...shape.slice(1)];
    return {
      given: [this.#start, ...(beside ? [beside] : []), ...initial],
      fed: [this.#fed, logProbs, finished, lengths, ...(sums ?? []), ...state],
      targets: [
        ...[scores, ids, parents, nextProbs, nextFinished, nextLengths],
        ...(nextSums as Tensor[]),
        // Each beam goes on from the state of its parent.
        ...following.map((part) => embeddingLookup(part, rows)),
      ],
      results: [
        overTime("int32"),
        ...[overTime("float32"), overTime("int32"), overTime("int32")],
        ...each.slice(3),
        ...sumOf(batch),
        ...initial.map(({ shape }) => ({ dtype: "float32" as const, shape: split(shape) })),
      ],
      begin: (given) => beamSteps(how, given, beside !== null),
      finish: (results) => this.#finished(results, beside !== null),
    };
  }

  #finished(results: readonly Tensor[], covers: boolean): [FinalBeamSearchDecoderOutput, FinalState, Tensor] {
    const [predictedIds, scores, stepIds, parentIds, logProbs, finished, lengths, ...rest] =
      results as readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
    const beamSearchDecoderOutput = { scores, predictedIds: stepIds, parentIds };
    const accumulatedAttentionProbs = covers ? rest.shift()! : ([] as const);
    const cellState = filled(this.#initialState, isTensor, () => rest.shift()!);
    const state = { cellState, logProbs, finished, lengths, accumulatedAttentionProbs };
    return [{ predictedIds, beamSearchDecoderOutput }, new BeamSearchDecoderState(state), lengths];
  }
}

/** Rows [batch × width, ...] as [batch, width, ...]. */
const apart = ({ dtype, shape, data }: HostTensor, width: number): HostTensor => ({
  dtype,
  shape: [shape[0]! / width, width, ...shape.slice(1)],
  data,
});

/** The first beam of each row likely and open, as all of them are the same before the first step. */
function beginning(batch: number, width: number): readonly [HostTensor, HostTensor, HostTensor] {
  const size = batch * width;
  const beams = <D extends DType>(dtype: D, first: number, others: number): HostTensor => {
    const data = allocate(dtype, size).fill(others) as HostTensor<D>["data"];
    for (let row = 0; row < batch; row++) data[row * width] = first;
    return { dtype, shape: [batch, width], data };
  };
  return [beams("float32", 0, -Infinity), beams("bool", 0, 1), beams("int32", 0, 0)];
}

function beamSteps({ width, endToken }: BeamSearch, given: readonly HostTensor[], covers: boolean): Steps {
  const [start, ...rest] = given as readonly [HostTensor, ...HostTensor[]];
  const batch = start.shape[0]!;
  for (const { shape } of rest)
    if (shape[0] !== batch * width)
      refuse(
        "BeamSearchDecoder initialState",
        `${batch * width} rows, ${width} beams for each of ${batch} start tokens`,
        `[${shape.join(", ")}]`,
        "tileBatch(state, beamWidth), of an attention's memory and its lengths too",
        "UNROLL_SHAPE",
      );
  const first = new Int32Array(batch * width).map((_, k) => start.data[Math.floor(k / width)]!);
  const state = covers ? [apart(rest[0]!, width), ...rest.slice(1)] : rest;
  let feeds: readonly HostTensor[] = [
    { dtype: "int32", shape: [batch, width], data: first },
    ...beginning(batch, width),
    ...state,
  ];
  const [scores, ids, parents]: HostTensor[][] = [[], [], []];
  return {
    get done() {
      return !feeds[2]!.data.includes(0);
    },
    get feeds() {
      return feeds;
    },
    next(_time, [score, id, parent, ...after]) {
      scores!.push(score!);
      ids!.push(id!);
      parents!.push(parent!);
      feeds = [id!, ...after];
    },
    results() {
      const [, logProbs, finished, lengths, ...rest] = feeds as readonly HostTensor[];
      const whole = (steps: readonly HostTensor[]) => steps.map(({ data }) => data as Int32Array);
      const longest = Array.from({ length: batch }, (_, row) =>
        Math.max(...lengths!.data.subarray(row * width, (row + 1) * width)),
      );
      const tree = { ids: whole(ids!), parents: whole(parents!), lengths: longest, width, endToken };
      const beams = beamsOf(tree).map((data) => ({ dtype: "int32", shape: [batch, width], data }) as const);
      const cell = rest.slice(covers ? 1 : 0).map((part) => apart(part, width));
      return [
        stacked(beams),
        ...[stacked(scores!), stacked(ids!), stacked(parents!)],
        ...[logProbs!, finished!, lengths!],
        ...(covers ? [rest[0]!] : []),
        ...cell,
      ];
    },
  };
}
