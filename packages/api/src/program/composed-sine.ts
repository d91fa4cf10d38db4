/** Arithmetic of an engine's values, elementwise, that rounds as IEEE 754 does. */
export interface Arithmetic<T> {
  /** A scalar; asked for before anything is computed, once for each. */
  number(value: number): T;
  /** Sum. */
  add(a: T, b: T): T;
  /** Difference. */
  sub(a: T, b: T): T;
  /** Product. */
  mul(a: T, b: T): T;
  /** The largest integer that is not above. */
  floor(x: T): T;
}

/** Half of pi in three parts, so that a few thousand times the first two are exact (Cody and Waite 1980). */
const HALF_PI = [1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8];

/** Taylor's terms up to where the next one, at pi/4, is under a float32's rounding. */
const SINE = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880];
const COSINE = [1, -1 / 2, 1 / 24, -1 / 720, 1 / 40320];

/**
 * Sine and cosine of plain arithmetic, for engines whose own are coarse: WGSL and Vulkan let them be off by
 * 2^-11 (https://www.w3.org/TR/WGSL/#floating-point-accuracy). Off by about 1e-7 up to arguments of some
 * thousands.
 */
export function composedSines<T>({ number, add, sub, mul, floor }: Arithmetic<T>): {
  /** Sine. */
  sin(x: T): T;
  /** Cosine. */
  cos(x: T): T;
} {
  const values = new Set([0.5, 1, 2, 2 / Math.PI, ...HALF_PI, ...SINE, ...COSINE]);
  const known = new Map([...values].map((value) => [value, number(value)]));
  const the = (value: number): T => known.get(value)!;
  const polynomial = (terms: readonly number[], x: T): T =>
    terms.slice(0, -1).reduceRight((sum, term) => add(mul(sum, x), the(term)), the(terms[terms.length - 1]!));

  const ahead = (x: T, quarters: 0 | 1): T => {
    const turns = floor(add(mul(x, the(2 / Math.PI)), the(0.5)));
    const rest = HALF_PI.reduce((left, part) => sub(left, mul(turns, the(part))), x);
    const square = mul(rest, rest);
    const [sine, cosine] = [mul(rest, polynomial(SINE, square)), polynomial(COSINE, square)];
    // Of four quarters the odd ones take the other function, and the last two its negative.
    const quarter = quarters ? add(turns, the(1)) : turns;
    const pair = floor(mul(quarter, the(0.5)));
    const odd = sub(quarter, mul(pair, the(2)));
    const negative = sub(pair, mul(floor(mul(pair, the(0.5))), the(2)));
    const either = add(mul(odd, cosine), mul(sub(the(1), odd), sine));
    return mul(either, sub(the(1), mul(negative, the(2))));
  };
  return { sin: (x) => ahead(x, 0), cos: (x) => ahead(x, 1) };
}
