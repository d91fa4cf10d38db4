/** Takes a number to one that an engine holds. */
export type Round = (value: number) => number;

/** Adding and taking away this rounds a smaller number to a whole one, halves to even. */
const WHOLE = 1.5 * 2 ** 52;

/** Numbers of `bits` bits behind the first, of least normal exponent `low`, infinite from `end` on. */
const coarser =
  (bits: number, low: number, end: number): Round =>
  (value) => {
    if (value === 0 || !Number.isFinite(value)) return value;
    const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), low);
    const unit = 2 ** (exponent - bits);
    const rounded = (value / unit + WHOLE - WHOLE) * unit;
    return Math.abs(rounded) >= end ? Math.sign(value) * Infinity : rounded;
  };

/** IEEE 754 binary16. */
export const half: Round = coarser(10, -14, 65520);

/** Nothing is lost: what is computed in float64. */
export const double: Round = (value) => value;

/** IEEE 754 binary32. */
export const single: Round = Math.fround;

/** Binary32 in which a subnormal number is zero, as with FTZ and DAZ set. */
export const flushed: Round = (value) => {
  const rounded = Math.fround(value);
  return Math.abs(rounded) < 2 ** -126 ? 0 * rounded : rounded;
};
