import { map } from "./maps";
import { gemm } from "./products";

/** Every row of [rows, n] with the sum of the biases that there are; 0 is none. */
export function fill(out: usize, rows: i32, n: i32, a: usize, b: usize): void {
  const bytes = <usize>n << 2;
  for (let at: usize = 0; at < bytes; at += 4)
    store<f32>(out + at, (a ? load<f32>(a + at) : 0) + (b ? load<f32>(b + at) : 0));
  for (let row = 1; row < rows; row++) memory.copy(out + bytes * row, out, bytes);
}

/** out = a · b + c · d */
// @ts-ignore: decorator
@inline
function products2(out: usize, a: usize, b: usize, c: usize, d: usize, n: i32): void {
  const bytes = <usize>n << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16)
    v128.store(
      out + at,
      f32x4.add(
        f32x4.mul(v128.load(a + at), v128.load(b + at)),
        f32x4.mul(v128.load(c + at), v128.load(d + at)),
      ),
    );
  for (; at < bytes; at += 4)
    store<f32>(out + at, load<f32>(a + at) * load<f32>(b + at) + load<f32>(c + at) * load<f32>(d + at));
}

/** out = a · b + c */
function productAdded(out: usize, a: usize, b: usize, c: usize, n: i32): void {
  const bytes = <usize>n << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16)
    v128.store(
      out + at,
      f32x4.add(f32x4.mul(v128.load(a + at), v128.load(b + at)), v128.load(c + at)),
    );
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) * load<f32>(b + at) + load<f32>(c + at));
}

/** out = a · b */
function product(out: usize, a: usize, b: usize, n: i32): void {
  const bytes = <usize>n << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) * load<f32>(b + at));
}

/** out = z · h + (1 - z) · n */
function blend(out: usize, z: usize, h: usize, n: usize, count: i32): void {
  const bytes = <usize>count << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const v = v128.load(z + at);
    v128.store(
      out + at,
      f32x4.add(
        f32x4.mul(v, v128.load(h + at)),
        f32x4.mul(f32x4.sub(f32x4.splat(1), v), v128.load(n + at)),
      ),
    );
  }
  for (; at < bytes; at += 4) {
    const v = load<f32>(z + at);
    store<f32>(out + at, v * load<f32>(h + at) + (1 - v) * load<f32>(n + at));
  }
}

/**
 * `steps` steps of an LSTM; gate order i f g o. `pre` has the input's share of the gates, [steps, batch, 4
 * units], and is overwritten; steps are `stride` bytes apart, backward below 0.
 *
 * @param y where outputs go, as far apart as the steps of a state; 0 for nowhere
 */
export function lstm(
  steps: i32, stride: i32, batch: i32, units: i32, pre: usize, w: usize,
  h: usize, c: usize, nextH: usize, nextC: usize, y: usize, yStride: i32,
  activation: i32, gate: i32, output: i32,
): void {
  const bytes = <usize>units << 2;
  for (let step = 0; step < steps; step++) {
    gemm(batch, h, bytes, w, units, units << 2, pre, bytes << 2);
    for (let row: usize = 0; row < <usize>batch; row++) {
      const s = row * bytes;
      const i = pre + (s << 2),
        f = i + bytes,
        g = f + bytes,
        o = g + bytes;
      map(gate, i, i, units << 1);
      map(activation, g, g, units);
      map(gate, o, o, units);
      products2(nextC + s, f, c + s, i, g, units);
      map(output, nextC + s, nextH + s, units);
      product(nextH + s, nextH + s, o, units);
    }
    h = nextH;
    c = nextC;
    if (y) {
      memory.copy(y, h, bytes * batch);
      y += yStride;
    }
    pre += stride;
  }
}

/**
 * `steps` steps of a GRU; gate order z r n.
 *
 * @param candidate the candidate's columns of the recurrent kernel, where the reset is before the product;
 *   0 where it is after
 * @param own memory for what comes from the state: [batch, 3 units]
 */
export function gru(
  steps: i32, stride: i32, batch: i32, units: i32, pre: usize, w: usize, candidate: usize, bias: usize,
  own: usize, h: usize, nextH: usize, y: usize, yStride: i32, activation: i32, gate: i32,
): void {
  const bytes = <usize>units << 2;
  const wide = bytes * 3;
  for (let step = 0; step < steps; step++) {
    if (candidate) {
      gemm(batch, h, bytes, w, units, units << 1, pre, wide);
      for (let row: usize = 0; row < <usize>batch; row++) {
        const z = pre + row * wide;
        map(gate, z, z, units << 1);
        product(own + row * bytes, z + bytes, h + row * bytes, units);
      }
      gemm(batch, own, bytes, candidate, units, units, pre + (bytes << 1), wide);
    } else {
      fill(own, batch, units * 3, bias, 0);
      gemm(batch, h, bytes, w, units, units * 3, own, wide);
      for (let row: usize = 0; row < <usize>batch; row++) {
        const z = pre + row * wide,
          s = own + row * wide;
        const n = z + (bytes << 1);
        sum(z, z, s, units << 1);
        map(gate, z, z, units << 1);
        productAdded(n, z + bytes, s + (bytes << 1), n, units);
      }
    }
    for (let row: usize = 0; row < <usize>batch; row++) {
      const z = pre + row * wide;
      const n = z + (bytes << 1);
      map(activation, n, n, units);
      blend(nextH + row * bytes, z, h + row * bytes, n, units);
    }
    h = nextH;
    if (y) {
      memory.copy(y, h, bytes * batch);
      y += yStride;
    }
    pre += stride;
  }
}

/** out = a + b */
function sum(out: usize, a: usize, b: usize, n: i32): void {
  const bytes = <usize>n << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) + load<f32>(b + at));
}

/** `steps` steps of a simple RNN. */
export function rnn(
  steps: i32, stride: i32, batch: i32, units: i32, pre: usize, w: usize,
  h: usize, nextH: usize, y: usize, yStride: i32, activation: i32,
): void {
  const bytes = <usize>units << 2;
  for (let step = 0; step < steps; step++) {
    gemm(batch, h, bytes, w, units, units, pre, bytes);
    map(activation, pre, nextH, units * batch);
    h = nextH;
    if (y) {
      memory.copy(y, h, bytes * batch);
      y += yStride;
    }
    pre += stride;
  }
}
