import type { Block, Value } from "../program/builder.js";

/** A complex value as two real ones of one shape. */
export interface Complex {
  readonly re: Value;
  readonly im: Value;
}

/** a ⊙ b. */
export const times = (b: Block, x: Complex, y: Complex): Complex => ({
  re: b.sub(b.mul(x.re, y.re), b.mul(x.im, y.im)),
  im: b.add(b.mul(x.re, y.im), b.mul(x.im, y.re)),
});

/** e^(re + i im). */
export function exponential(b: Block, { re, im }: Complex): Complex {
  const size = b.exp(re);
  return { re: b.mul(size, b.cos(im)), im: b.mul(size, b.sin(im)) };
}
