// Functions of four numbers at once. Errors are relative to the exact result, measured over every float32
// between -88 and 88 (kernels.test.ts of the engine holds them to it).

/**
 * Constants, each four times. V8 makes a vector that is written in the code anew in every turn of a loop, by
 * three instructions; one from memory costs a load, and functions take three quarters of the time.
 */
// @ts-ignore: decorator
@lazy
const TABLE: usize = memory.data<f32>(
  [
    12582912, 12582912, 12582912, 12582912,
    1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 1.4426950408889634,
    0.693359375, 0.693359375, 0.693359375, 0.693359375,
    0.00021219444170128554, 0.00021219444170128554, 0.00021219444170128554, 0.00021219444170128554,
    -87, -87, -87, -87,
    88, 88, 88, 88,
    1, 1, 1, 1,
    2, 2, 2, 2,
    0.5, 0.5, 0.5, 0.5,
    0.16666576266288757, 0.16666576266288757, 0.16666576266288757, 0.16666576266288757,
    0.041666556149721146, 0.041666556149721146, 0.041666556149721146, 0.041666556149721146,
    0.008363178931176662, 0.008363178931176662, 0.008363178931176662, 0.008363178931176662,
    0.0013926184037700295, 0.0013926184037700295, 0.0013926184037700295, 0.0013926184037700295,
    0.33333319425582886, 0.33333319425582886, 0.33333319425582886, 0.33333319425582886,
    0.20003780722618103, 0.20003780722618103, 0.20003780722618103, 0.20003780722618103,
    0.14118309319019318, 0.14118309319019318, 0.14118309319019318, 0.14118309319019318,
    0.1342574954032898, 0.1342574954032898, 0.1342574954032898, 0.1342574954032898,
    -88, -88, -88, -88,
    89, 89, 89, 89,
    -87.33654, -87.33654, -87.33654, -87.33654,
  ],
  16,
);
/** Added to a number and taken away again, it leaves the nearest whole one; until then its bits end in it. */
const WHOLE = TABLE;
const LOG2_E = TABLE + 16;
const LN2_HIGH = TABLE + 32;
const LN2_LOW = TABLE + 48;
/** Between them e^x is a normal number, and so is the power of 2 that it is made from. */
const LEAST = TABLE + 64;
const MOST = TABLE + 80;
const ONE = TABLE + 96;
const TWO = TABLE + 112;
/** Of {@link expm1Near}. */
const Q0 = TABLE + 128;
const Q1 = TABLE + 144;
const Q2 = TABLE + 160;
const Q3 = TABLE + 176;
const Q4 = TABLE + 192;
/** Of {@link softplus}. */
const P0 = TABLE + 208;
const P1 = TABLE + 224;
const P2 = TABLE + 240;
const P3 = TABLE + 256;
/** Between them are all x whose e^x is neither 0 nor infinite. */
const EXP_LEAST = TABLE + 272;
const EXP_MOST = TABLE + 288;
const NORMAL_LEAST = TABLE + 304;
/** What e^x is made of: x = n ln2 + r with |r| <= ln2 / 2. */
// @ts-ignore: decorator
@inline
function reduced(shifted: v128, x: v128): v128 {
  const n = f32x4.sub(shifted, v128.load(WHOLE));
  return f32x4.add(
    f32x4.sub(x, f32x4.mul(n, v128.load(LN2_HIGH))),
    f32x4.mul(n, v128.load(LN2_LOW)),
  );
}

/**
 * e^r - 1 for |r| <= ln2 / 2: r + r² Q(r), Q by interpolation at Chebyshev's points, 3e-8 off. Q in three parts
 * that don't wait for each other.
 */
// @ts-ignore: decorator
@inline
function expm1Near(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const low = f32x4.add(f32x4.mul(r, v128.load(Q1)), v128.load(Q0));
  const middle = f32x4.add(f32x4.mul(r, v128.load(Q3)), v128.load(Q2));
  const high = f32x4.add(f32x4.mul(square, v128.load(Q4)), middle);
  return f32x4.add(r, f32x4.mul(square, f32x4.add(f32x4.mul(square, high), low)));
}

/** 2^n, from n + WHOLE. */
// @ts-ignore: decorator
@inline
function powerOf2(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), v128.load(ONE));
}

// @ts-ignore: decorator
@inline
function held(x: v128, least: usize, most: usize): v128 {
  // The first operand where the comparison fails, so that NaN goes through.
  return f32x4.pmax(f32x4.pmin(x, v128.load(most)), v128.load(least));
}

/** n + WHOLE for the n that x is nearest to as a power of 2. */
// @ts-ignore: decorator
@inline
function nearestPower(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, v128.load(LOG2_E)), v128.load(WHOLE));
}

/** e^x; 0 below the smallest normal number, infinite above the largest. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const v = held(x, EXP_LEAST, EXP_MOST);
  const n = nearestPower(v);
  const p = f32x4.add(expm1Near(reduced(n, v)), v128.load(ONE));
  // In two halves, as 2^128 is no float32.
  const half = i32x4.shr_s(n, 1);
  const e = f32x4.mul(f32x4.mul(p, powerOf2(half)), powerOf2(i32x4.sub(n, half)));
  return v128.andnot(e, f32x4.lt(x, v128.load(NORMAL_LEAST)));
}

/** e^x - 1 for x up to 88. */
// @ts-ignore: decorator
@inline
function expm1(x: v128): v128 {
  const v = held(x, LEAST, MOST);
  const n = nearestPower(v);
  const s = powerOf2(n);
  return f32x4.add(f32x4.mul(s, expm1Near(reduced(n, v))), f32x4.sub(s, v128.load(ONE)));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = v128.load(ONE);
  const v = held(f32x4.neg(x), LEAST, MOST);
  const n = nearestPower(v);
  const e = f32x4.mul(f32x4.add(expm1Near(reduced(n, v)), one), powerOf2(n));
  return f32x4.div(one, f32x4.add(one, e));
}

/** (e^2x - 1) / (e^2x + 1), which is as exact near 0 as elsewhere. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const e = expm1(f32x4.add(x, x));
  return f32x4.div(e, f32x4.add(e, v128.load(TWO)));
}

/** x where it is positive, else e^x - 1. */
// @ts-ignore: decorator
@inline
export function elu(x: v128): v128 {
  return v128.bitselect(x, expm1(x), f32x4.gt(x, f32x4.splat(0)));
}

/** max(x, 0) + log(1 + e^-|x|), the logarithm by 2 artanh(e / (2 + e)). */
// @ts-ignore: decorator
@inline
export function softplus(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const s = f32x4.div(e, f32x4.add(e, v128.load(TWO)));
  const z = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(z, v128.load(P3)), v128.load(P2));
  p = f32x4.add(f32x4.mul(p, z), v128.load(P1));
  p = f32x4.add(f32x4.mul(p, z), v128.load(P0));
  const log = f32x4.add(s, f32x4.mul(f32x4.mul(s, z), p));
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), f32x4.add(log, log));
}
