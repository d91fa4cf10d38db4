import { reshaped } from "../../layers/reshaped.js";
import { logSoftmax } from "../../layers/softmax.js";
import type { Block, Value } from "../../program/builder.js";
import { sizesOf } from "../operations/operation.js";
import { largest } from "../operations/top-k.js";

/** How beams are found and compared. */
export interface BeamSearch {
  readonly width: number;
  readonly endToken: number;
  readonly lengthPenaltyWeight: number;
  readonly coveragePenaltyWeight: number;
}

/** Beams before a step. */
export interface Beams<T> {
  /** Sum of the logarithms of what each beam's ids are likely by, [batch, width]. */
  readonly logProbs: T;
  /** Whether each has its end token, bool [batch, width]. */
  readonly finished: T;
  /** Ids of each, its end token among them, int32 [batch, width]. */
  readonly lengths: T;
}

/** What a cell made of each beam. */
export interface BeamScores<T> {
  /** [batch × width, vocabulary] */
  readonly logits: T;
  /** Shares of the memory, [batch × width, time]; null where coverage does not count. */
  readonly attention: T | null;
  /** Their sum over the steps before, [batch, width, time]; null where coverage does not count. */
  readonly accumulated: T | null;
}

/** The lowest float32: what a beam that has ended gives for every id but the end token. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/**
 * One step of a beam search: of all beams with each id appended those of the best scores.
 *
 * score = Σ log p / ((5 + length) / 6)^lengthPenaltyWeight
 *   + coveragePenaltyWeight Σ_j log min(Σ attention_j, 1),
 * the second for beams that have ended alone; the length counts no end token that is appended just now. A
 * beam that has ended goes on with its end token, at no cost.
 *
 * Source: TensorFlow 1.15, `contrib/seq2seq/python/ops/beam_search_decoder.py`, `_beam_search_step`.
 *
 * @returns scores, ids and parents [batch, width]; the beams after it; the sums of attention, if coverage
 *   counts; and for each beam the row of its parent, [batch × width], by which states are looked up
 */
export function beamSearchStep(
  b: Block,
  how: BeamSearch,
  beams: Beams<Value>,
  { logits, attention, accumulated }: BeamScores<Value>,
) {
  const { width, endToken } = how;
  const [batch] = sizesOf(beams.logProbs) as [number];
  const vocabulary = sizesOf(logits)[1]!;
  const whole = (value: number): Value => b.constant(value, [], "int32");

  const done = b.expandDims(beams.finished, 2);
  const isEnd = b.equal(reshaped(b, b.iota(logits, 1), [1, 1, vocabulary]), whole(endToken));
  const steps = reshaped(b, logSoftmax(b, logits), [batch, width, vocabulary]);
  const ended = b.select(isEnd, b.constant(0), b.constant(LOWEST));
  const total = b.add(b.expandDims(beams.logProbs, 2), b.select(done, ended, steps));

  const grows = b.and(b.not(done), b.not(isEnd));
  const sums = attention && accumulated ? attentionSums(b, attention, accumulated, beams.finished) : null;
  let scores = total;
  if (how.lengthPenaltyWeight !== 0)
    scores = b.div(scores, lengthPenalty(b, beams.lengths, grows, how.lengthPenaltyWeight));
  if (sums) scores = b.add(scores, coveragePenalty(b, sums, done, how.coveragePenaltyWeight));

  const [best, places] = largest(b, reshaped(b, scores, [batch, width * vocabulary]), width);
  // Whole numbers are not divided: the parent is how many beams begin at or before the place, but one.
  const begins = b.mul(reshaped(b, b.iota(beams.logProbs, 1), [1, 1, width]), whole(vocabulary));
  const reached = b.cast(b.not(b.less(b.expandDims(places, 2), begins)), "float32");
  const parents = b.sub(b.cast(b.squeeze(b.sum(reached, [2]), 2), "int32"), whole(1));
  const ids = b.sub(places, b.mul(parents, whole(vocabulary)));

  const row = reshaped(b, b.iota(beams.logProbs, 0), [batch, 1]);
  const from = b.add(b.mul(row, whole(width)), parents);
  const ofParent = (value: Value): Value => b.gather(reshaped(b, value, [batch * width]), from);
  const all = reshaped(b, total, [batch * width * vocabulary]);
  const logProbs = b.gather(all, b.add(b.mul(row, whole(width * vocabulary)), places));
  const before = ofParent(b.cast(beams.finished, "int32"));
  const lengths = b.add(ofParent(beams.lengths), b.sub(whole(1), before));
  const goesOn = b.and(b.equal(before, whole(0)), b.not(b.equal(ids, whole(endToken))));

  const rows = reshaped(b, from, [batch * width]);
  const after: Beams<Value> = { logProbs, finished: b.not(goesOn), lengths };
  return { scores: best, ids, parents, beams: after, sums: sums && gathered(b, sums, rows), rows };
}

/** Rows of [batch, width, time] by their numbers among batch × width. */
function gathered(b: Block, sums: Value, rows: Value): Value {
  const [batch, width, time] = sizesOf(sums) as [number, number, number];
  const flat = b.gather(reshaped(b, sums, [batch * width, time]), rows);
  return reshaped(b, flat, [batch, width, time]);
}

/** ((5 + length) / 6)^weight of each beam with each id appended, [batch, width, vocabulary]. */
function lengthPenalty(b: Block, lengths: Value, grows: Value, weight: number): Value {
  const counts = b.add(b.cast(b.expandDims(lengths, 2), "float32"), b.cast(grows, "float32"));
  const power = b.constant(weight);
  return b.div(b.pow(b.add(counts, b.constant(5)), power), b.pow(b.constant(6), power));
}

/** What each beam has looked at, [batch, width, time]; one that has ended looks at nothing more. */
function attentionSums(b: Block, attention: Value, accumulated: Value, finished: Value): Value {
  const [batch, width, time] = sizesOf(accumulated) as [number, number, number];
  const goesOn = b.cast(b.not(b.expandDims(finished, 2)), "float32");
  return b.add(accumulated, b.mul(reshaped(b, attention, [batch, width, time]), goesOn));
}

/** weight Σ_j log min(sum_j, 1) of the beams that have ended, [batch, width, 1]; padding counts nothing. */
function coveragePenalty(b: Block, sums: Value, done: Value, weight: number): Value {
  const seen = b.select(b.equal(sums, b.constant(0)), b.constant(1), sums);
  const cover = b.sum(b.log(b.min(seen, b.constant(1))), [2]);
  return b.mul(b.mul(cover, b.cast(done, "float32")), b.constant(weight));
}
