import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { type CtcDecoded, decoding } from "./ctc-decoded.js";
import { type CtcOptions, ctcScores } from "./ctc-scores.js";

/** Options of {@link ctcGreedyDecode}. */
export interface CtcGreedyOptions extends CtcOptions {
  /** Whether a class that stands at several steps in a row is one label. Default true. */
  readonly mergeRepeated?: boolean | undefined;
}

/**
 * The labels of the best alignment of a connectionist temporal classifier (Graves et al. 2006, section 3.2,
 * best path decoding): the largest class of each step, repeats merged, then blanks dropped. It is not always
 * the likeliest labelling, which several alignments share; `ctcBeamSearchDecode` looks for that. As Keras's
 * `ctc_decode` by `greedy` and TensorFlow's `ctc_greedy_decoder`; of equal classes the first.
 *
 * The one path's score is minus the sum over real steps of the largest score: with log-probabilities, minus
 * the logarithm of the alignment's.
 *
 * @param scores float32 [batch, time, classes]: logits or log-probabilities
 * @throws UNROLL_ARGUMENT for an option out of range, or scores that are NaN or +∞; UNROLL_SHAPE
 */
export function ctcGreedyDecode(scores: HostTensor<"float32">, options: CtcGreedyOptions = {}): CtcDecoded {
  const place = "ctcGreedyDecode";
  const given = ctcScores(place, scores, options, ["mergeRepeated"]);
  const { mergeRepeated = true } = options;
  if (typeof mergeRepeated !== "boolean")
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `${place} mergeRepeated`,
      expected: "true or false",
      got: shown(mergeRepeated),
      cure: "leave it out for true",
    });
  const { decoded, put } = decoding(place, given, 1, 0);
  for (let row = 0; row < given.batch; row++) {
    const labels: number[] = [];
    let [before, sum] = [-1, 0];
    for (let step = 0; step < given.length(row); step++) {
      const of = given.at(row, step);
      let best = 0;
      for (let k = 1; k < of.length; k++) if (of[k]! > of[best]!) best = k;
      sum += of[best]!;
      if (best !== given.blank && !(mergeRepeated && best === before)) labels.push(best);
      before = best;
    }
    put(row, 0, labels, 0 - sum);
  }
  return decoded;
}
