// Functions of four numbers at once. Errors are relative to the exact result, measured over every float32
// between -88 and 88 (kernels.test.ts of the engine holds them to it).

/** What e^x is made of: x = n ln2 + r with |r| <= ln2 / 2. */
// @ts-ignore: decorator
@inline
function reduced(shifted: v128, x: v128): v128 {
  const n = f32x4.sub(shifted, f32x4.splat(WHOLE));
  return f32x4.add(
    f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))),
    f32x4.mul(n, f32x4.splat(0.00021219444170128554)),
  );
}

/** e^r - 1 for |r| <= ln2 / 2: r + r² Q(r), Q by interpolation at Chebyshev's points, 3e-8 off. */
// @ts-ignore: decorator
@inline
function expm1Near(r: v128): v128 {
  let q = f32x4.add(f32x4.mul(r, f32x4.splat(0.0013926184037700295)), f32x4.splat(0.008363178931176662));
  q = f32x4.add(f32x4.mul(q, r), f32x4.splat(0.041666556149721146));
  q = f32x4.add(f32x4.mul(q, r), f32x4.splat(0.16666576266288757));
  q = f32x4.add(f32x4.mul(q, r), f32x4.splat(0.5));
  return f32x4.add(r, f32x4.mul(f32x4.mul(r, r), q));
}

/** Added to a number and taken away again, it leaves the nearest whole one; until then its bits end in it. */
const WHOLE: f32 = 12582912;

/** 2^n, from n + WHOLE. */
// @ts-ignore: decorator
@inline
function powerOf2(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(127 << 23));
}

// @ts-ignore: decorator
@inline
function held(x: v128, least: f32, most: f32): v128 {
  // The first operand where the comparison fails, so that NaN goes through.
  return f32x4.pmax(f32x4.pmin(x, f32x4.splat(most)), f32x4.splat(least));
}

/** n + WHOLE for the n that x is nearest to as a power of 2. */
// @ts-ignore: decorator
@inline
function nearestPower(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, f32x4.splat(1.4426950408889634)), f32x4.splat(WHOLE));
}

/** e^x; 0 below the smallest normal number, infinite above the largest. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const v = held(x, -88, 89);
  const n = nearestPower(v);
  const p = f32x4.add(expm1Near(reduced(n, v)), f32x4.splat(1));
  // In two halves, as 2^128 is no float32.
  const half = i32x4.shr_s(n, 1);
  const e = f32x4.mul(f32x4.mul(p, powerOf2(half)), powerOf2(i32x4.sub(n, half)));
  return v128.andnot(e, f32x4.lt(x, f32x4.splat(-87.33654)));
}

/** e^x - 1 for x up to 88. */
// @ts-ignore: decorator
@inline
function expm1(x: v128): v128 {
  const v = held(x, -87, 88);
  const n = nearestPower(v);
  const s = powerOf2(n);
  return f32x4.add(f32x4.mul(s, expm1Near(reduced(n, v))), f32x4.sub(s, f32x4.splat(1)));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  const v = held(f32x4.neg(x), -87, 88);
  const n = nearestPower(v);
  const e = f32x4.mul(f32x4.add(expm1Near(reduced(n, v)), one), powerOf2(n));
  return f32x4.div(one, f32x4.add(one, e));
}

/** (e^2x - 1) / (e^2x + 1), which is as exact near 0 as elsewhere. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const e = expm1(f32x4.add(x, x));
  return f32x4.div(e, f32x4.add(e, f32x4.splat(2)));
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
  const s = f32x4.div(e, f32x4.add(e, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(0.1342574954032898)), f32x4.splat(0.14118309319019318));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.20003780722618103));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.33333319425582886));
  const log = f32x4.add(s, f32x4.mul(f32x4.mul(s, z), p));
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), f32x4.add(log, log));
}
