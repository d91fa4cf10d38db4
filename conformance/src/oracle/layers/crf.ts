import type { CrfSpec } from "@unroll/api";
import type { Context, Equations } from "./context.js";

/** The scores of a chain over the real steps of one row. */
interface Chain<V> {
  /** Of each tag at each step, [tags]; the first and last with what the boundaries score. */
  readonly own: readonly V[];
  /** Of each tag after tag `from`, [tags]. */
  readonly after: readonly V[];
}

/** log of the sum of e^x, by x less its logarithmic softmax, which is that at every element. */
function logSum<V>(m: Context<V>["m"], x: V): V {
  const values = m.values(x);
  const at = largestAt(values);
  const negated = m.mul(m.slice(m.logSoftmax(x), at, 1), m.constant(-1, 1));
  return m.add(m.slice(x, at, 1), negated);
}

/** Where the largest is, the first of equals; a NaN is the largest of all. */
const largestAt = (values: ArrayLike<number>): number =>
  Array.from(values).reduce(
    (best, value, k, all) => (!(value <= all[best]!) && !Number.isNaN(all[best]) ? k : best),
    0,
  );

/**
 * For each step what the best (or by `logSum` all) of the chain up to it score that end in each tag: the
 * recursion of Rabiner's equation 33, or 20.
 */
function recursion<V>(m: Context<V>["m"], { own, after }: Chain<V>, gather: (ways: V) => V): V[] {
  const scores: V[] = [];
  for (const [t, step] of own.entries()) {
    if (t === 0) {
      scores.push(step);
      continue;
    }
    const before = scores[t - 1]!;
    const tags = after.map((_, to) =>
      gather(m.concat(after.map((moves, from) => m.add(m.slice(before, from, 1), m.slice(moves, to, 1))))),
    );
    scores.push(m.add(m.concat(tags), step));
  }
  return scores;
}

/** The chain from its last step to its first. */
function turned<V>(m: Context<V>["m"], { own, after }: Chain<V>): Chain<V> {
  const back = after.map((_, to) => m.concat(after.map((moves) => m.slice(moves, to, 1))));
  return { own: [...own].reverse(), after: back };
}

/** The best path; of equals the lowest tag at the last step at which they differ. */
function bestPath<V>(m: Context<V>["m"], { own, after }: Chain<V>, scores: readonly V[]): number[] {
  const path = new Array<number>(own.length);
  for (let t = own.length - 1; t >= 0; t--) {
    const so = m.values(scores[t]!);
    const to = path[t + 1];
    path[t] = largestAt(so.map((value, tag) => value + (to === undefined ? 0 : m.values(after[tag]!)[to]!)));
  }
  return path;
}

/**
 * How much worse the best path is that has another tag at step t: what Viterbi's recursions from either end
 * make of every tag there, the step's own score counted once.
 */
function margins<V>(m: Context<V>["m"], chain: Chain<V>, scores: readonly V[], path: readonly number[]): V[] {
  const fromEnd = recursion(m, turned(m, chain), (ways) =>
    m.slice(ways, largestAt(m.values(ways)), 1),
  ).reverse();
  return path.map((tag, t) => {
    const once = m.mul(chain.own[t]!, m.constant(-1, chain.after.length));
    const through = m.add(m.add(scores[t]!, fromEnd[t]!), once);
    const values = Float64Array.from(m.values(through));
    values[tag] = -Infinity;
    if (values.length === 1) return m.constant(Infinity, 1);
    const other = m.mul(m.slice(through, largestAt(values), 1), m.constant(-1, 1));
    return m.add(m.slice(through, tag, 1), other);
  });
}

/** Rule `crf`: steps that are not real are left out of the chain. */
export const crf: Equations<CrfSpec> = <V>(layer: CrfSpec, context: Context<V>) => {
  const { m } = context;
  const { name, tags } = layer;
  const weight = (part: string): V | undefined => context.weight(`${name}.${part}`);
  const [start, end] = [weight("start"), weight("end")];
  const after = Array.from({ length: tags }, (_, from) => m.slice(weight("transitions")!, from * tags, tags));
  const input = context.value(layer.input);
  const given = layer.path === null ? null : context.ids(layer.path).data;

  const rows = input.rows.map((steps, row) => {
    const seen = steps.map((_, t) => t).filter((t) => context.real(input.axis, row, t));
    const own = seen.map((t, k) => {
      const entered = k === 0 && start ? m.add(steps[t]!, start) : steps[t]!;
      return k === seen.length - 1 && end ? m.add(entered, end) : entered;
    });
    const chain = { own, after };
    const best = recursion(m, chain, (ways) => m.slice(ways, largestAt(m.values(ways)), 1));
    const path = bestPath(m, chain, best);
    const decided = margins(m, chain, best, path);
    const along = recursion(m, chain, (ways) => logSum(m, ways)).at(-1);
    const total = (tagOf: (k: number) => number): V =>
      own.reduce((sum, scores, k) => {
        const at = m.slice(scores, tagOf(k), 1);
        return m.add(sum, k === 0 ? at : m.add(m.slice(after[tagOf(k - 1)]!, tagOf(k), 1), at));
      }, m.zeros(1));
    const at = steps.map((_, t) => seen.indexOf(t));
    const logPartition = along ? logSum(m, along) : m.zeros(1);
    const judged = given && total((k) => given[row * steps.length + seen[k]!]!);
    return {
      path: at.map((k) => m.constant(k < 0 ? 0 : path[k]!, 1)),
      margins: at.map((k) => (k < 0 ? m.constant(Infinity, 1) : decided[k]!)),
      score: total((k) => path[k]!),
      logPartition,
      logLikelihood: judged && m.add(judged, m.mul(logPartition, m.constant(-1, 1))),
    };
  });
  const each = (pick: (row: (typeof rows)[number]) => V) => ({
    axis: null,
    shape: [],
    rows: rows.map((row) => [pick(row)]),
  });
  return [
    [
      name,
      {
        axis: input.axis,
        shape: [],
        rows: rows.map((row) => row.path),
        margins: rows.map((row) => row.margins),
      },
    ],
    [`${name}.score`, each(({ score }) => score)],
    [`${name}.logPartition`, each(({ logPartition }) => logPartition)],
    ...(given ? [[`${name}.logLikelihood`, each(({ logLikelihood }) => logLikelihood!)] as const] : []),
  ];
};
