/** A function as an engine computes it in float32. */
export type Approximation = (x: number) => number;

const f = Math.fround;
const LOG2E = f(Math.LOG2E);
/** The logarithm of 2 in two parts: the first has so few bits that a multiple of it is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = f(Math.LN2 - LN2_HIGH);
/** Of e^r where r is small: 1 / n!, the last first. */
const series = [5040, 720, 120, 24, 6, 2, 1, 1].map((n) => f(1 / n));

/** e^x: the power of 2 apart, and a polynomial in float32 for the rest. */
export const polynomialExp: Approximation = (x) => {
  if (Number.isNaN(x)) return NaN;
  if (x > 89) return Infinity;
  if (x < -104) return 0;
  const power = Math.round(f(x * LOG2E));
  const rest = f(f(x - f(power * LN2_HIGH)) - f(power * LN2_LOW));
  const value = series.reduce((sum, factor) => f(f(sum * rest) + factor), 0);
  return f(value * 2 ** power);
};

/** 1 - 2 / (e^2x + 1): near 0 as good as numbers near 1 are. */
export const exponentialTanh: Approximation = (x) => {
  if (Math.abs(x) > 10) return Math.sign(x);
  return f(1 - f(2 / f(polynomialExp(f(2 * x)) + 1)));
};

/** A quotient of polynomials near 0, from Lambert's continued fraction, and exponentials past it. */
export const rationalTanh: Approximation = (x) => {
  if (!(Math.abs(x) < 1)) return exponentialTanh(x);
  const s = f(x * x);
  const above = f(f(f(f(f(s + 378) * s) + 17325) * s) + 135135);
  const below = f(f(f(f(f(f(28 * s) + 3150) * s) + 62370) * s) + 135135);
  return f(f(x * above) / below);
};

/** Half of tanh of the half, and a half. */
export const tanhSigmoid: Approximation = (x) => f(0.5 + f(0.5 * rationalTanh(f(0.5 * x))));

/** 1 / (1 + e^-x). */
export const exponentialSigmoid: Approximation = (x) => f(1 / f(1 + polynomialExp(-x)));

/** Off by as much as is allowed to a function, away from zero, in the same direction everywhere. */
export const offBy =
  (error: number, exact: Approximation): Approximation =>
  (x) =>
    f(exact(x) + error * Math.sign(x));
