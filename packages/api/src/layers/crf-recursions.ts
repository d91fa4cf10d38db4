import type { Block, NamedValues, Value } from "../program/builder.js";
import { maskOf, perRow } from "./recurrence.js";

/**
 * Composite `crfDecode`; semantics rule `crf`. The best path of every row and its score, by Viterbi's
 * recursion (Rabiner, "A Tutorial on Hidden Markov Models", 1989, equations 32 to 35), of equals the lowest
 * tag.
 *
 * Inputs: emissions [time, batch, tags], transitions [tags, tags] from tag to tag; optionally start and end
 * [tags], and lengths int32 [batch] or mask bool [time, batch]. Outputs: score [batch], path int32 [time,
 * batch].
 */
export function crfDecode(block: Block, emissions: Value, given: NamedValues): { path: Value; score: Value } {
  return block.composite("crfDecode", { emissions, ...given }, {}, (b, v) => {
    const x = v["emissions"]!;
    const best = overSteps(b, x, v, [none(b, x)], (inner, [scores], step) => {
      const ways = reached(inner, scores!, step.transitions);
      const most = inner.squeeze(inner.reduceMax(ways, 1), 1);
      return {
        carries: [inner.add(led(inner, most, step), step.emissions)],
        stacked: [inner.squeeze(inner.argmax(ways, 1), 1)],
      };
    });
    const final = ended(b, best.carries[0]!, v);
    const real = maskOf(b, x, v);
    return {
      score: b.squeeze(b.reduceMax(final, 1), 1),
      path: backwards(b, best.stacked[0]!, b.argmax(final, 1), real),
    };
  });
}

/**
 * Composite `crfPartition`; semantics rule `crf`. The logarithm of the sum of e^score over all paths, by the
 * forward recursion. Inputs as those of {@link crfDecode}. Output: y [batch].
 */
export function crfPartition(block: Block, emissions: Value, given: NamedValues): Value {
  return block.composite("crfPartition", { emissions, ...given }, {}, (b, v) => {
    const x = v["emissions"]!;
    const { carries } = overSteps(b, x, v, [none(b, x)], (inner, [scores], step) => {
      const all = inner.squeeze(logSum(inner, reached(inner, scores!, step.transitions), 1), 1);
      return { carries: [inner.add(led(inner, all, step), step.emissions)] };
    });
    const all = b.squeeze(logSum(b, ended(b, carries[0]!, v), 1), 1);
    // A row without a real step has one path, the empty one.
    return { y: whereSome(b, all, v) };
  }).y;
}

/**
 * Composite `crfPathScore`; semantics rule `crf`. What a given path scores. Inputs as those of
 * {@link crfDecode}, and path int32 [time, batch]. Output: y [batch].
 */
export function crfPathScore(block: Block, emissions: Value, path: Value, given: NamedValues): Value {
  return block.composite("crfPathScore", { emissions, path, ...given }, {}, (b, v) => {
    const x = v["emissions"]!;
    const total = b.squeeze(none(b, x, 1), 1);
    const before = b.cast(total, "int32");
    const { carries } = overSteps(
      b,
      x,
      v,
      [total, before],
      (inner, [sum, last], step) => {
        const tag = step.others[0]!;
        const own = inner.add(led(inner, inner.gather(step.transitions, last!), step), step.emissions);
        return { carries: [inner.add(sum!, at(inner, own, tag)), tag] };
      },
      [v["path"]!],
    );
    const [sum, last] = carries as [Value, Value];
    const end = v["end"];
    const whole = end ? b.add(sum, b.squeeze(b.gather(b.expandDims(end, 1), last), 1)) : sum;
    return { y: whereSome(b, whole, v) };
  }).y;
}

/** What a step of a recursion sees. */
interface Step {
  /** What the tags score at this step, [batch, tags]; at a row's first, with what a first tag scores. */
  readonly emissions: Value;
  /** Whether it is a row's first real step, so that no tag leads to it: bool [batch, 1] or [1, 1]. */
  readonly first: Value;
  /** What each tag scores after each, [from, to]. */
  readonly transitions: Value;
  /** An element each of further sequences. */
  readonly others: readonly Value[];
}

/** Folds over the real steps of every row: elsewhere what is carried stays as it is. */
function overSteps(
  b: Block,
  emissions: Value,
  { transitions, start, lengths, mask }: NamedValues,
  carries: readonly Value[],
  body: (
    b: Block,
    carries: readonly Value[],
    step: Step,
  ) => { readonly carries: readonly Value[]; readonly stacked?: readonly Value[] },
  others: readonly Value[] = [],
): { carries: Value[]; stacked: Value[] } {
  const real = maskOf(b, emissions, { lengths, mask });
  const first = firstSteps(b, emissions, mask);
  const own = start ? b.select(b.expandDims(first, 2), b.add(emissions, start), emissions) : emissions;
  const sequences = [own, first, ...others, ...(real ? [real] : [])];
  return b.scan(
    { carries, sequences, captures: [transitions!] },
    (inner, before, [ownStep, isFirst, ...rest], [moves]) => {
      const result = body(inner, before, {
        emissions: ownStep!,
        first: inner.expandDims(isFirst!, 1),
        transitions: moves!,
        others: rest.slice(0, others.length),
      });
      const isReal = rest[others.length];
      const next = result.carries.map((value, k) =>
        isReal ? inner.select(perRow(inner, isReal, value), value, before[k]!) : value,
      );
      return { carries: next, stacked: result.stacked ?? [] };
    },
  );
}

/** Which steps are a row's first real one, bool [time, batch] or [time, 1]; masked ones after it may be. */
function firstSteps(b: Block, emissions: Value, mask: Value | undefined): Value {
  return mask
    ? b.equal(b.cumsum(b.cast(mask, "float32"), 0), b.constant(1))
    : b.expandDims(b.equal(b.iota(emissions, 0), b.constant(0, [], "int32")), 1);
}

/** Zeros [batch, size] for emissions [time, batch, tags]; of as many as there are tags by default. */
function none(b: Block, emissions: Value, size = emissions.type.shape[2] as number): Value {
  const row = b.squeeze(b.slice(b.slice(emissions, 0, 0, 1), 2, 0, size), 0);
  return b.expand(b.constant(0), row);
}

/** What every tag scores after every other, [batch, from, to], given what each scores so far. */
const reached = (b: Block, scores: Value, transitions: Value): Value =>
  b.add(b.expandDims(scores, 2), transitions);

/** What leads to each tag, [batch, tags]: nothing at a first step. */
const led = (b: Block, scores: Value, { first }: Step): Value => b.select(first, b.constant(0), scores);

/**
 * The logarithm of the sum of e^x along an axis, which stays with length 1. The largest is taken out, as
 * otherwise it might overflow; unless it is -Infinity, which differs from itself by no number.
 */
function logSum(b: Block, x: Value, axis: number): Value {
  const most = b.reduceMax(x, axis);
  const base = b.select(b.less(most, b.constant(-LARGE)), b.constant(0), most);
  return b.add(b.log(b.sum(b.exp(b.sub(x, base)), axis)), base);
}

/** No score that is not infinite is larger. */
const LARGE = 3e38;

/** Scores with what a last tag scores, [batch, tags]; zeros for a row without a real step. */
const ended = (b: Block, scores: Value, given: NamedValues): Value =>
  whereSome(b, given["end"] ? b.add(scores, given["end"]) : scores, given);

/** A value [batch, ...] with zeros for the rows without a real step. */
function whereSome(b: Block, value: Value, { lengths, mask }: NamedValues): Value {
  const some = lengths
    ? b.less(b.constant(0, [], "int32"), lengths)
    : mask && b.less(b.constant(0), b.squeeze(b.sum(b.cast(mask, "float32"), 0), 0));
  return some ? b.select(perRow(b, some, value), value, b.constant(0)) : value;
}

/** The score of each row's own tag, [batch], of scores [batch, tags] and tags int32 [batch]. */
function at(b: Block, scores: Value, tags: Value): Value {
  const own = b.equal(b.iota(scores, 1), b.expandDims(tags, 1));
  return b.squeeze(b.sum(b.select(own, scores, b.constant(0)), 1), 1);
}

/**
 * The path, int32 [time, batch], that ends in tags int32 [batch, 1] and goes back by the best tag before each
 * tag, int32 [time, batch, tags]. Zeros at steps that are not real.
 */
function backwards(b: Block, previous: Value, last: Value, real: Value | undefined): Value {
  const { stacked } = b.scan(
    {
      carries: [b.squeeze(last, 1)],
      sequences: [b.cast(previous, "float32"), ...(real ? [real] : [])],
      reverse: true,
    },
    (inner, [tag], [from, isReal]) => {
      const before = inner.cast(at(inner, from!, tag!), "int32");
      if (!isReal) return { carries: [before], stacked: [tag!] };
      return {
        carries: [inner.select(isReal, before, tag!)],
        stacked: [inner.select(isReal, tag!, inner.constant(0, [], "int32"))],
      };
    },
  );
  return stacked[0]!;
}
