import { elu, exp, sigmoid, softplus, tanh } from "./functions";

/** The first bytes of a memory are nobody's: what is left of a row after its fours is worked on there. */
const SPARE: usize = 16;

/** Functions of one number, in the order of `maps` in `simd-kernels.ts`. */
function fours(code: i32, x: usize, y: usize, bytes: usize): void {
  const end = x + bytes;
  const zero = f32x4.splat(0),
    one = f32x4.splat(1);
  switch (code) {
    case 0:
      for (; x < end; x += 16, y += 16) v128.store(y, tanh(v128.load(x)));
      return;
    case 1:
      for (; x < end; x += 16, y += 16) v128.store(y, sigmoid(v128.load(x)));
      return;
    case 2:
      memory.copy(y, x, bytes);
      return;
    case 3:
      for (; x < end; x += 16, y += 16) v128.store(y, f32x4.max(v128.load(x), zero));
      return;
    case 4:
    case 5:
      for (; x < end; x += 16, y += 16) {
        const v = v128.load(x);
        const s =
          code == 4 ? f32x4.div(v, f32x4.splat(6)) : f32x4.mul(v, f32x4.splat(0.2));
        v128.store(y, f32x4.min(f32x4.max(f32x4.add(s, f32x4.splat(0.5)), zero), one));
      }
      return;
    case 6:
      for (; x < end; x += 16, y += 16) {
        const v = v128.load(x);
        v128.store(y, f32x4.div(v, f32x4.add(one, f32x4.abs(v))));
      }
      return;
    case 7:
      for (; x < end; x += 16, y += 16) v128.store(y, softplus(v128.load(x)));
      return;
    case 8:
      for (; x < end; x += 16, y += 16) v128.store(y, elu(v128.load(x)));
      return;
    case 9:
      for (; x < end; x += 16, y += 16) {
        const v = v128.load(x);
        v128.store(y, v128.bitselect(v, f32x4.mul(v, f32x4.splat(0.01)), f32x4.gt(v, zero)));
      }
      return;
    case 10:
      for (; x < end; x += 16, y += 16) v128.store(y, f32x4.neg(v128.load(x)));
      return;
    case 11:
      for (; x < end; x += 16, y += 16) v128.store(y, exp(v128.load(x)));
      return;
    case 12:
      for (; x < end; x += 16, y += 16) v128.store(y, f32x4.sqrt(v128.load(x)));
      return;
    case 13:
      for (; x < end; x += 16, y += 16) v128.store(y, f32x4.abs(v128.load(x)));
      return;
    default:
      for (; x < end; x += 16, y += 16) v128.store(y, f32x4.floor(v128.load(x)));
  }
}

/** y = f(x) for `n` numbers, in place or elsewhere. */
export function map(code: i32, x: usize, y: usize, n: i32): void {
  const whole = <usize>(n & ~3) << 2;
  const rest = <usize>(n & 3) << 2;
  if (whole) fours(code, x, y, whole);
  if (rest) {
    memory.copy(SPARE, x + whole, rest);
    fours(code, SPARE, SPARE, 16);
    memory.copy(y + whole, SPARE, rest);
  }
}

function pairs(code: i32, x: usize, xs: usize, y: usize, ys: usize, out: usize, bytes: usize): void {
  const end = out + bytes;
  switch (code) {
    case 0:
      for (; out < end; out += 16, x += xs, y += ys) v128.store(out, f32x4.add(v128.load(x), v128.load(y)));
      return;
    case 1:
      for (; out < end; out += 16, x += xs, y += ys) v128.store(out, f32x4.sub(v128.load(x), v128.load(y)));
      return;
    case 2:
      for (; out < end; out += 16, x += xs, y += ys) v128.store(out, f32x4.mul(v128.load(x), v128.load(y)));
      return;
    case 3:
      for (; out < end; out += 16, x += xs, y += ys) v128.store(out, f32x4.div(v128.load(x), v128.load(y)));
      return;
    case 4:
      for (; out < end; out += 16, x += xs, y += ys) v128.store(out, f32x4.min(v128.load(x), v128.load(y)));
      return;
    default:
      for (; out < end; out += 16, x += xs, y += ys) v128.store(out, f32x4.max(v128.load(x), v128.load(y)));
  }
}

/**
 * out = x op y for `n` numbers, in the order of `pairs` in `simd-kernels.ts`; a step of 0 is one number for
 * all.
 */
export function zip(code: i32, x: usize, xStep: i32, y: usize, yStep: i32, out: usize, n: i32): void {
  let xs: usize = 16,
    ys: usize = 16;
  if (!xStep) {
    v128.store(SPARE, v128.load32_splat(x));
    x = SPARE;
    xs = 0;
  }
  if (!yStep) {
    v128.store(SPARE, v128.load32_splat(y), 16);
    y = SPARE + 16;
    ys = 0;
  }
  const whole = <usize>(n & ~3) << 2;
  const rest = <usize>(n & 3) << 2;
  if (whole) pairs(code, x, xs, y, ys, out, whole);
  if (rest) {
    if (xs) memory.copy(SPARE, x + whole, rest);
    if (ys) memory.copy(SPARE + 16, y + whole, rest);
    pairs(code, SPARE, 0, SPARE + 16, 0, SPARE, 16);
    memory.copy(out + whole, SPARE, rest);
  }
}

/** Copies bytes. */
export function copy(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes);
}
