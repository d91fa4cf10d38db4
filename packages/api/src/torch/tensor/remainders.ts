import type { Block, Value } from "../../program/builder.js";

/** A quotient brought to a whole number, and what is left over. */
export interface Division {
  readonly quotient: Value;
  readonly rest: Value;
}

const num = (b: Block, value: number): Value => b.constant(value);
const int = (b: Block, value: number): Value => b.constant(value, [], "int32");
const or = (b: Block, x: Value, y: Value): Value => b.not(b.and(b.not(x), b.not(y)));

/** Whether the signs of two differ; neither has one where it is zero. */
const apart = (b: Block, x: Value, y: Value, zero: Value): Value =>
  or(b, b.and(b.less(x, zero), b.less(zero, y)), b.and(b.less(zero, x), b.less(y, zero)));

const truncated = (b: Block, x: Value): Value =>
  b.select(b.less(x, num(b, 0)), b.neg(b.floor(b.neg(x))), b.floor(x));

/** Half of a float's digits: what is cut off has the others. */
function upperHalf(b: Block, x: Value): Value {
  const scaled = b.mul(x, num(b, 4097));
  return b.sub(scaled, b.sub(scaled, x));
}

/**
 * What a product lost by rounding. Source: Dekker, A floating-point technique for extending the available
 * precision, 1971.
 */
function lost(b: Block, x: Value, y: Value, product: Value): Value {
  const [x1, y1] = [upperHalf(b, x), upperHalf(b, y)];
  const [x2, y2] = [b.sub(x, x1), b.sub(y, y1)];
  const upper = b.sub(b.mul(x1, y1), product);
  const error = b.add(b.add(b.add(upper, b.mul(x1, y2)), b.mul(x2, y1)), b.mul(x2, y2));
  // Splitting overflows from about 2^116 on.
  return b.select(b.less(b.abs(y), num(b, 2 ** 115)), error, num(b, 0));
}

/** x - n y for the n next to x / y, without the rounding of the product. */
function lessMultiple(b: Block, x: Value, y: Value): Value {
  const count = truncated(b, b.div(x, y));
  const product = b.mul(count, y);
  const rest = b.sub(b.sub(x, product), lost(b, count, y, product));
  // Nothing of y fits; it may be infinite.
  return b.select(b.equal(count, num(b, 0)), x, rest);
}

/**
 * What division by y leaves of x, of the sign of x, as C's `fmod`. Exact while x / y is below 2^47: a
 * quotient has 24 bits, and it is taken twice.
 */
function floatRest(b: Block, x: Value, y: Value): Value {
  const zero = num(b, 0);
  const near = lessMultiple(b, lessMultiple(b, x, y), y);
  // A quotient that was rounded up took one y too much.
  const size = b.abs(y);
  const back = b.select(b.less(x, zero), b.neg(size), size);
  const rest = b.select(apart(b, near, x, zero), b.add(near, back), near);
  return b.select(b.equal(rest, zero), b.mul(x, zero), rest);
}

/**
 * Whole quotients of floats, towards minus infinity, and their rests. Source: PyTorch's
 * `div_floor_floating`.
 */
export function floorDivision(b: Block, x: Value, y: Value): Division {
  const zero = num(b, 0);
  const left = floatRest(b, x, y);
  const other = apart(b, left, y, zero);
  const plain = b.div(x, y);
  const even = b.div(b.sub(x, left), y);
  const quotient = b.select(other, b.sub(even, num(b, 1)), even);
  const low = b.floor(quotient);
  const nearest = b.select(b.less(num(b, 0.5), b.sub(quotient, low)), b.add(low, num(b, 1)), low);
  const signed = b.select(b.equal(quotient, zero), b.mul(plain, zero), nearest);
  return {
    quotient: b.select(b.equal(y, zero), plain, signed),
    rest: b.select(other, b.add(left, y), left),
  };
}

/** The same for whole numbers: exact, though engines divide floats only. */
export function wholeDivision(b: Block, x: Value, y: Value): Division {
  const zero = int(b, 0);
  // The largest float that is still a whole number of 32 bits.
  const most = 2 ** 31 - 128;
  const guess = (of: Value): Value => {
    const quotient = b.floor(b.div(b.cast(of, "float32"), b.cast(y, "float32")));
    return b.cast(b.min(b.max(quotient, num(b, -most)), num(b, most)), "int32");
  };
  const first = guess(x);
  const near = b.sub(x, b.mul(first, y));
  const second = guess(near);
  let quotient = b.add(first, second);
  let rest = b.sub(near, b.mul(second, y));
  const step = (wrong: Value, by: number): void => {
    quotient = b.select(wrong, b.add(quotient, int(b, by)), quotient);
    rest = b.select(wrong, by < 0 ? b.add(rest, y) : b.sub(rest, y), rest);
  };
  step(apart(b, rest, y, zero), -1);
  const above = b.and(b.less(zero, y), b.not(b.less(rest, y)));
  const below = b.and(b.less(y, zero), b.not(b.less(y, rest)));
  step(or(b, above, below), 1);
  return { quotient, rest };
}

/** Quotients of floats cut towards zero. */
export const truncatedQuotient = (b: Block, x: Value, y: Value): Value => truncated(b, b.div(x, y));

/** Quotients of whole numbers cut towards zero. */
export function wholeTruncatedQuotient(b: Block, x: Value, y: Value): Value {
  const { quotient, rest } = wholeDivision(b, x, y);
  const up = b.and(apart(b, x, y, int(b, 0)), b.not(b.equal(rest, int(b, 0))));
  return b.select(up, b.add(quotient, int(b, 1)), quotient);
}

/** Powers of whole numbers: products of squares; those that are negative are 0 but for 1 and -1. */
export function wholePower(b: Block, x: Value, exponent: Value): Value {
  const [zero, one] = [int(b, 0), int(b, 1)];
  const size = b.max(exponent, b.sub(zero, exponent));
  const { rest: odd } = wholeDivision(b, size, int(b, 2));
  // From 2^31 on nothing fits, so that only 0, 1 and -1 have higher powers.
  let left = b.select(b.less(size, int(b, 32)), size, b.add(int(b, 30), odd));
  const squares = [x];
  for (let k = 1; k < 5; k++) squares.push(b.mul(squares[k - 1]!, squares[k - 1]!));
  let power = one;
  for (let k = 4; k >= 0; k--) {
    const taken = b.not(b.less(left, int(b, 2 ** k)));
    power = b.select(taken, b.mul(power, squares[k]!), power);
    left = b.select(taken, b.sub(left, int(b, 2 ** k)), left);
  }
  const unit = b.equal(b.mul(x, x), one);
  return b.select(b.and(b.less(exponent, zero), b.not(unit)), zero, power);
}
