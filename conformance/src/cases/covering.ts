import { generator } from "../tolerance/random.js";

/** What a choice may be, and what else has to be chosen for it to matter. */
export interface Factor<Level extends string | number = string | number> {
  readonly levels: readonly Level[];
  /** Levels of other factors, one of which each, without which this one changes nothing. */
  readonly needs?: Readonly<Record<string, readonly (string | number)[]>>;
}

export type Factors = Readonly<Record<string, Factor>>;

/** A level of every factor. */
export type RowOf<F extends Factors> = { readonly [K in keyof F]: F[K]["levels"][number] };

type Row = Record<string, string | number>;
type Domains = Record<string, readonly (string | number)[]>;

/** Candidates of which each row is the best. */
const TRIES = 12;

/** Levels that are left when a factor has to matter, or null where none are. */
function needed(factors: Factors, domains: Domains, name: string): Domains | null {
  let left = domains;
  for (const [other, levels] of Object.entries(factors[name]!.needs ?? {})) {
    const some = left[other]!.filter((level) => levels.includes(level));
    if (some.length === 0) return null;
    const narrowed = needed(factors, { ...left, [other]: some }, other);
    if (narrowed === null) return null;
    left = narrowed;
  }
  return left;
}

/** Whether a factor matters in a row. */
export function matters(factors: Factors, row: Readonly<Row>, name: string): boolean {
  return Object.entries(factors[name]!.needs ?? {}).every(
    ([other, levels]) => levels.includes(row[other]!) && matters(factors, row, other),
  );
}

const pairOf = (a: string, p: string | number, b: string, q: string | number): string =>
  `${a} ${p}, ${b} ${q}`;

/** The pairs of levels of a row, of factors that matter in it. */
export function pairsOf(factors: Factors, row: Readonly<Row>): string[] {
  const names = Object.keys(factors).filter((name) => matters(factors, row, name));
  return names.flatMap((a, k) => names.slice(k + 1).map((b) => pairOf(a, row[a]!, b, row[b]!)));
}

/** Every pair of levels that some row has, with the levels that are left beside it. */
function feasible(factors: Factors, fits: (row: Row) => boolean): Map<string, Domains> {
  const all: Domains = Object.fromEntries(
    Object.entries(factors).map(([name, { levels }]) => [name, levels]),
  );
  const names = Object.keys(factors);
  const pairs = new Map<string, Domains>();
  names.forEach((a, k) => {
    for (const b of names.slice(k + 1))
      for (const p of factors[a]!.levels)
        for (const q of factors[b]!.levels) {
          const fixed: Domains = { ...all, [a]: [p], [b]: [q] };
          const one = needed(factors, fixed, a);
          const both = one && needed(factors, one, b);
          if (both && fits({ [a]: p, [b]: q })) pairs.set(pairOf(a, p, b, q), both);
        }
  });
  return pairs;
}

/**
 * A covering array: rows in which every pair of levels of two factors is met at least once, wherever both
 * matter. Greedy, after Cohen, Dalal, Fredman and Patton, "The AETG system", 1997: each row is the one of
 * some candidates that meets most pairs which no row before has met.
 *
 * @param fits whether the levels chosen so far may go together; what it refuses in every row is left out
 * @param costOf what a row costs; of candidates that meets most new pairs for its cost is taken
 */
export function coveringRows<F extends Factors>(
  factors: F,
  fits: (row: Readonly<Partial<RowOf<F>>>) => boolean = () => true,
  costOf: (row: RowOf<F>) => number = () => 1,
): RowOf<F>[] {
  const allowed = fits as (row: Row) => boolean;
  const open = feasible(factors, allowed);
  const random = generator(1);
  const rows: RowOf<F>[] = [];
  while (open.size > 0) {
    const [pair, domains] = open.entries().next().value!;
    let best: Row | null = null;
    let most = 0;
    for (let n = 0; n < TRIES; n++) {
      const row = filled(factors, domains, open, allowed, random);
      const met = row ? pairsOf(factors, row).filter((one) => open.has(one)).length : 0;
      const worth = row ? met / costOf(row as RowOf<F>) : 0;
      if (worth > most) [best, most] = [row, worth];
    }
    for (const one of best ? pairsOf(factors, best) : []) open.delete(one);
    if (best) rows.push(best as RowOf<F>);
    // No row can have it.
    open.delete(pair);
  }
  return rows;
}

/** A row within some domains, factor by factor: each level the one that meets most open pairs so far. */
function filled(
  factors: Factors,
  domains: Domains,
  open: ReadonlyMap<string, Domains>,
  fits: (row: Row) => boolean,
  random: () => number,
): Row | null {
  const names = Object.keys(factors);
  const row: Row = {};
  // What is given stands before what is chosen, and the rest in an order of chance.
  const order = names
    .map((name) => [domains[name]!.length === 1 ? -1 : random(), name] as const)
    .sort(([p], [q]) => p - q);
  for (const [, name] of order) {
    const scored = domains[name]!.filter((level) => fits({ ...row, [name]: level })).map(
      (level) =>
        [
          Object.entries(row).filter(([other, own]) =>
            names.indexOf(other) < names.indexOf(name)
              ? open.has(pairOf(other, own, name, level))
              : open.has(pairOf(name, level, other, own)),
          ).length + random(),
          level,
        ] as const,
    );
    if (scored.length === 0) return null;
    row[name] = scored.reduce((one, other) => (other[0] > one[0] ? other : one))[1];
  }
  return row;
}
