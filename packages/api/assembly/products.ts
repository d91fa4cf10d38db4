// Products with a matrix [k, n] packed in panels: of 16 columns as long as there are, then of 4 with zeros
// after the last column. A panel lies row by row, so that one row of x reads the weights from first to last:
// with 32 columns, read in two halves, 512 units took 1.4 times as long. An element of the result is summed in the order
// of k whatever the panel and however many rows, so that a row is the same bits alone and among others.

/** Packs the matrix whose rows start `stride` bytes apart. */
export function pack(from: usize, stride: usize, k: i32, n: i32, to: usize): void {
  let j = 0;
  while (j < n) {
    const width = n - j >= 16 ? 16 : 4;
    const bytes = <usize>min(width, n - j) << 2;
    let row = from + (<usize>j << 2);
    for (let i = 0; i < k; i++) {
      if (bytes < 16) v128.store(to, f32x4.splat(0));
      memory.copy(to, row, bytes);
      row += stride;
      to += <usize>width << 2;
    }
    j += width;
  }
}

/**
 * One row and 16 columns. Four sums, and two steps of k in one turn, stay in 16 registers: eight sums are a
 * tenth slower, and with two steps in a turn a third.
 */
function row16(x: usize, k: i32, w: usize, out: usize): void {
  let a = v128.load(out),
    b = v128.load(out, 16),
    c = v128.load(out, 32),
    d = v128.load(out, 48);
  const even = x + (<usize>(k & ~1) << 2);
  while (x < even) {
    const v = v128.load32_splat(x);
    a = f32x4.add(a, f32x4.mul(v, v128.load(w)));
    b = f32x4.add(b, f32x4.mul(v, v128.load(w, 16)));
    c = f32x4.add(c, f32x4.mul(v, v128.load(w, 32)));
    d = f32x4.add(d, f32x4.mul(v, v128.load(w, 48)));
    const u = v128.load32_splat(x, 4);
    a = f32x4.add(a, f32x4.mul(u, v128.load(w, 64)));
    b = f32x4.add(b, f32x4.mul(u, v128.load(w, 80)));
    c = f32x4.add(c, f32x4.mul(u, v128.load(w, 96)));
    d = f32x4.add(d, f32x4.mul(u, v128.load(w, 112)));
    w += 128;
    x += 8;
  }
  if (k & 1) {
    const v = v128.load32_splat(x);
    a = f32x4.add(a, f32x4.mul(v, v128.load(w)));
    b = f32x4.add(b, f32x4.mul(v, v128.load(w, 16)));
    c = f32x4.add(c, f32x4.mul(v, v128.load(w, 32)));
    d = f32x4.add(d, f32x4.mul(v, v128.load(w, 48)));
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
}

/** Four numbers, of which only some are there. */
function loadSome(at: usize, count: i32): v128 {
  let v = v128.load32_zero(at);
  if (count > 1) v = v128.load_lane<f32>(at, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(at, v, 2, 8);
  if (count > 3) v = v128.load_lane<f32>(at, v, 3, 12);
  return v;
}

function storeSome(at: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(at, v, 0);
  if (count > 1) v128.store_lane<f32>(at, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(at, v, 2, 8);
  if (count > 3) v128.store_lane<f32>(at, v, 3, 12);
}

/** One row and up to four columns. */
function row4(x: usize, k: i32, w: usize, out: usize, columns: i32): void {
  let a = loadSome(out, columns);
  for (const end = x + (<usize>k << 2); x < end; x += 4, w += 16)
    a = f32x4.add(a, f32x4.mul(v128.load32_splat(x), v128.load(w)));
  storeSome(out, a, columns);
}

/**
 * Four rows, `step` and `outStep` bytes apart, and 8 columns of a panel of 16. Two steps of k in one turn are
 * a third slower: V8 loads for both at once, and has no registers left for the sums. To lay out the rows
 * number by number first, so that a turn counts up one address instead of four, gains up to a tenth and costs
 * as much. Called from one place, it becomes part of it; from two it is a tenth slower.
 */
function tile8(x: usize, step: usize, k: i32, w: usize, out: usize, outStep: usize): void {
  const x1 = x + step,
    x2 = x1 + step,
    x3 = x2 + step;
  const o1 = out + outStep,
    o2 = o1 + outStep,
    o3 = o2 + outStep;
  let a = v128.load(out),
    b = v128.load(out, 16),
    c = v128.load(o1),
    d = v128.load(o1, 16),
    e = v128.load(o2),
    f = v128.load(o2, 16),
    g = v128.load(o3),
    h = v128.load(o3, 16);
  const bytes = <usize>k << 2;
  for (let i: usize = 0; i < bytes; i += 4, w += 64) {
    const p = v128.load(w),
      q = v128.load(w, 16);
    let v = v128.load32_splat(x + i);
    a = f32x4.add(a, f32x4.mul(v, p));
    b = f32x4.add(b, f32x4.mul(v, q));
    v = v128.load32_splat(x1 + i);
    c = f32x4.add(c, f32x4.mul(v, p));
    d = f32x4.add(d, f32x4.mul(v, q));
    v = v128.load32_splat(x2 + i);
    e = f32x4.add(e, f32x4.mul(v, p));
    f = f32x4.add(f, f32x4.mul(v, q));
    v = v128.load32_splat(x3 + i);
    g = f32x4.add(g, f32x4.mul(v, p));
    h = f32x4.add(h, f32x4.mul(v, q));
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(o1, c);
  v128.store(o1, d, 16);
  v128.store(o2, e);
  v128.store(o2, f, 16);
  v128.store(o3, g);
  v128.store(o3, h, 16);
}

/** Four rows and up to four columns. */
function tile4(x: usize, step: usize, k: i32, w: usize, out: usize, outStep: usize, columns: i32): void {
  const x1 = x + step,
    x2 = x1 + step,
    x3 = x2 + step;
  const o1 = out + outStep,
    o2 = o1 + outStep,
    o3 = o2 + outStep;
  let a = loadSome(out, columns),
    c = loadSome(o1, columns),
    e = loadSome(o2, columns),
    g = loadSome(o3, columns);
  const bytes = <usize>k << 2;
  for (let i: usize = 0; i < bytes; i += 4, w += 16) {
    const p = v128.load(w);
    a = f32x4.add(a, f32x4.mul(v128.load32_splat(x + i), p));
    c = f32x4.add(c, f32x4.mul(v128.load32_splat(x1 + i), p));
    e = f32x4.add(e, f32x4.mul(v128.load32_splat(x2 + i), p));
    g = f32x4.add(g, f32x4.mul(v128.load32_splat(x3 + i), p));
  }
  storeSome(out, a, columns);
  storeSome(o1, c, columns);
  storeSome(o2, e, columns);
  storeSome(o3, g, columns);
}

/** out += x · W for `m` rows of x, which are `step` bytes apart; those of `out` are `outStep` apart. */
export function gemm(
  m: i32, x: usize, step: usize, w: usize, k: i32, n: i32, out: usize, outStep: usize,
): void {
  const column = <usize>k << 2;
  for (let j = 0; j < n; ) {
    const left = n - j;
    const width = left >= 16 ? 16 : 4;
    let from = x,
      to = out + (<usize>j << 2),
      row = 0;
    for (; row <= m - 4; row += 4) {
      if (width == 4) tile4(from, step, k, w, to, outStep, left);
      else for (let at: usize = 0; at < 64; at += 32) tile8(from, step, k, w + at, to + at, outStep);
      from += step << 2;
      to += outStep << 2;
    }
    for (; row < m; row++) {
      if (width == 4) row4(from, k, w, to, left);
      else row16(from, k, w, to);
      from += step;
      to += outStep;
    }
    w += column * width;
    j += width;
  }
}
