import type { Dim } from "../contract/program.js";
import { divisionIn, isAxisName, signed, splitOutside } from "./dims.js";

/**
 * Axis lengths that follow from others, as a convolution, a pooling or the merging of axes leaves them:
 * `time - 2`, `batch * time`, `floor((time + 1) / 2) - 2`. Each has one spelling, so that equal spellings
 * are equal lengths: a sum of terms in alphabetical order, a number last; a term is a number, an axis, a
 * sum divided by a number and rounded down, or a product of these.
 */
type Terms = ReadonlyMap<string, number>;

const ONE = "";

function plus(a: Terms, b: Terms, sign = 1): Terms {
  const sum = new Map(a);
  for (const [key, count] of b) sum.set(key, (sum.get(key) ?? 0) + sign * count);
  return new Map([...sum].filter(([, count]) => count !== 0));
}

const atomsOf = (key: string): readonly string[] => (key === ONE ? [] : splitOutside(key));

function times(a: Terms, b: Terms): Terms {
  let sum: Terms = new Map();
  for (const [left, m] of a)
    for (const [right, n] of b) {
      const key = [...atomsOf(left), ...atomsOf(right)].sort().join(" * ");
      sum = plus(sum, new Map([[key, m * n]]));
    }
  return sum;
}

/** Rounded down; the part that the divisor divides comes out of the brackets. */
function over(a: Terms, divisor: number): Terms {
  if (divisor === 1) return a;
  const whole = new Map([...a].filter(([key, count]) => key !== ONE && count % divisor === 0));
  const rest = plus(a, whole, -1);
  const out = new Map([...whole].map(([key, count]) => [key, count / divisor]));
  if ([...rest.keys()].every((key) => key === ONE))
    return plus(out, new Map([[ONE, Math.floor((rest.get(ONE) ?? 0) / divisor)]]));
  const constant = Math.floor((rest.get(ONE) ?? 0) / divisor);
  const inside = plus(rest, new Map([[ONE, constant * divisor]]), -1);
  return plus(
    plus(out, new Map([[`floor((${spelled(inside)}) / ${divisor})`, 1]])),
    new Map([[ONE, constant]]),
  );
}

function spelled(terms: Terms): string {
  const list = [...terms].sort(([a], [b]) => (a === ONE ? 1 : b === ONE ? -1 : a < b ? -1 : 1));
  if (list.length === 0) return "0";
  return list
    .map(([key, count], k) => {
      const sign = k === 0 ? (count < 0 ? "-" : "") : count < 0 ? " - " : " + ";
      const size = Math.abs(count);
      return sign + (key === ONE ? String(size) : size === 1 ? key : `${size} * ${key}`);
    })
    .join("");
}

function factorTerms(factor: string): Terms {
  const division = divisionIn(factor);
  if (division) return over(termsOf(division[0]), division[1]);
  if (/^\d+$/.test(factor)) return termsOf(Number(factor));
  // What is no factor makes a spelling that no dim has.
  return new Map([[isAxisName(factor) ? factor : "?", 1]]);
}

function termsOf(dim: Dim): Terms {
  if (typeof dim === "number") return dim === 0 ? new Map() : new Map([[ONE, dim]]);
  if (isAxisName(dim)) return new Map([[dim, 1]]);
  let sum: Terms = new Map();
  for (const [sign, term] of signed(dim))
    sum = plus(sum, splitOutside(term).map(factorTerms).reduce(times), sign);
  return sum;
}

function dimOf(terms: Terms): Dim {
  if (terms.size === 0) return 0;
  return terms.size === 1 && terms.has(ONE) ? terms.get(ONE)! : spelled(terms);
}

export const addDims = (...dims: readonly Dim[]): Dim =>
  dimOf(dims.map(termsOf).reduce((a, b) => plus(a, b)));
export const multiplyDims = (...dims: readonly Dim[]): Dim => dimOf(dims.map(termsOf).reduce(times));

/** Divided by a whole number of at least 1, rounded down. */
export const divideDim = (dim: Dim, divisor: number): Dim => dimOf(over(termsOf(dim), divisor));

/**
 * Whether a dim is a length of at least 0, the name of an axis, or what follows from such in its one
 * spelling.
 */
export function isDim(dim: unknown): dim is Dim {
  if (typeof dim === "number") return Number.isInteger(dim) && dim >= 0;
  return typeof dim === "string" && dim.length <= 200 && (isAxisName(dim) || dimOf(termsOf(dim)) === dim);
}
