import { limits } from "../contract/limits.js";
import type { HostTensor } from "../contract/tensor.js";
import { type CtcDecoded, decoding } from "./ctc-decoded.js";
import { type CtcOptions, type CtcScores, ctcScores, wholeOption } from "./ctc-scores.js";

/** Options of {@link ctcBeamSearchDecode}. */
export interface CtcBeamSearchOptions extends CtcOptions {
  /** How many beginnings are kept after each step. Default 100. */
  readonly beamWidth?: number | undefined;
  /** How many labellings of each row are wanted, the likeliest first; at most `beamWidth`. Default 1. */
  readonly topPaths?: number | undefined;
}

/** A beginning of a labelling; one object for each, so that what leaves the beam may come back into it. */
interface Prefix {
  readonly label: number;
  readonly parent: Prefix | null;
  readonly children: Map<number, Prefix>;
  /** Whether it is among those kept. */
  kept: boolean;
  /** Logarithm of the probability of all its alignments so far that end with a blank. */
  blank: number;
  /** The same of those that end with its last label. */
  last: number;
  /** The same of all. */
  total: number;
}

/** What may be kept after a step. */
interface Candidate {
  readonly label: number;
  readonly parent: Prefix | null;
  /** The prefix itself where it was kept before the step. */
  readonly known: Prefix | null;
  readonly blank: number;
  readonly last: number;
  readonly total: number;
}

/** log(e^a + e^b) */
function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === -Infinity ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** Logarithms of softmax, in float64. */
function logSoftmax(scores: Float32Array): Float64Array {
  const most = scores.reduce((a, b) => Math.max(a, b));
  const sum = scores.reduce((total, score) => total + Math.exp(score - most), 0);
  return Float64Array.from(scores, (score) => score - most - Math.log(sum));
}

/** A prefix by one label more, whose alignments end so far with what came before. */
const extended = (parent: Prefix, label: number, p: number): number =>
  p + (label === parent.label ? parent.blank : parent.total);

/** A prefix that is kept, after one more step. */
function gone(prefix: Prefix, p: Float64Array, blankIndex: number): Candidate {
  const { label, parent, total } = prefix;
  let last = label < 0 ? -Infinity : prefix.last + p[label]!;
  if (parent?.kept) last = logAdd(last, extended(parent, label, p[label]!));
  const blank = total + p[blankIndex]!;
  return { label, parent, known: prefix, blank, last, total: logAdd(blank, last) };
}

/** The classes other than the blank, the likeliest first, as many as may enter a beam from one prefix. */
function likely(p: Float64Array, blankIndex: number, beamWidth: number): number[] {
  const classes = Array.from(p.keys()).filter((k) => k !== blankIndex && p[k]! > -Infinity);
  // Beside those that enter, one may repeat the last label, and others lead to what is kept already.
  return classes.sort((a, b) => p[b]! - p[a]!).slice(0, 2 * beamWidth + 1);
}

/** The beam after one more step: the likeliest of what goes on and what is new, in that order where equal. */
function advanced(beam: readonly Prefix[], p: Float64Array, blankIndex: number, width: number): Prefix[] {
  const candidates = beam.map((prefix) => gone(prefix, p, blankIndex));
  const classes = likely(p, blankIndex, width);
  for (const parent of beam)
    for (const label of classes) {
      if (parent.children.get(label)?.kept) continue;
      const last = extended(parent, label, p[label]!);
      if (last > -Infinity)
        candidates.push({ label, parent, known: null, blank: -Infinity, last, total: last });
    }
  for (const prefix of beam) prefix.kept = false;
  return candidates
    .filter(({ total }) => total > -Infinity)
    .sort((a, b) => b.total - a.total)
    .slice(0, width)
    .map(({ label, parent, known, blank, last, total }) => {
      const prefix = known ?? parent!.children.get(label) ?? prefixOf(label, parent);
      return Object.assign(prefix, { kept: true, blank, last, total });
    });
}

function prefixOf(label: number, parent: Prefix | null): Prefix {
  const none = { kept: false, blank: -Infinity, last: -Infinity, total: -Infinity };
  const prefix: Prefix = { label, parent, children: new Map(), ...none };
  parent?.children.set(label, prefix);
  return prefix;
}

function labelsOf(prefix: Prefix): number[] {
  const labels: number[] = [];
  for (let at = prefix; at.parent !== null; at = at.parent) labels.push(at.label);
  return labels.reverse();
}

/** The prefixes of a row that are left at its end, the likeliest first. */
function searched(scores: CtcScores, row: number, width: number): readonly Prefix[] {
  const root = Object.assign(prefixOf(-1, null), { kept: true, blank: 0, total: 0 });
  let beam: Prefix[] = [root];
  for (let step = 0; step < scores.length(row); step++)
    beam = advanced(beam, logSoftmax(scores.at(row, step)), scores.blank, width);
  return beam;
}

/**
 * The likeliest labellings of a connectionist temporal classifier by prefix beam search (Graves et al. 2006,
 * section 3.2; Hannun et al. 2014, algorithm 1, without a language model): the probability of a labelling is
 * that of all alignments which, repeats merged and blanks dropped, make it. As Keras's `ctc_decode` by
 * `beam_search` and TensorFlow's `ctc_beam_search_decoder`. With a beam as wide as there are beginnings the
 * result is exact.
 *
 * A path's score is the logarithm of its labelling's probability; of a row that has fewer labellings than
 * `topPaths` the others have no labels and -∞. It takes time by `beamWidth` times classes at each step.
 *
 * @param scores float32 [batch, time, classes]: logits, or log-probabilities, which softmax leaves alone
 * @throws UNROLL_ARGUMENT for an option out of range, or scores that are NaN or +∞; UNROLL_SHAPE
 */
export function ctcBeamSearchDecode(
  scores: HostTensor<"float32">,
  options: CtcBeamSearchOptions = {},
): CtcDecoded {
  const place = "ctcBeamSearchDecode";
  const given = ctcScores(place, scores, options, ["beamWidth", "topPaths"]);
  const width = wholeOption(place, "beamWidth", options.beamWidth ?? 100, 1, limits.list);
  const paths = wholeOption(place, "topPaths", options.topPaths ?? 1, 1, width);
  const { decoded, put } = decoding(place, given, paths, -Infinity);
  for (let row = 0; row < given.batch; row++)
    searched(given, row, width)
      .slice(0, paths)
      .forEach((prefix, path) => put(row, path, labelsOf(prefix), prefix.total));
  return decoded;
}
