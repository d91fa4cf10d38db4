import { expect, it } from "vitest";
import { composedSines } from "./composed-sine.js";

const f = Math.fround;
const { sin, cos } = composedSines<number>({
  number: f,
  add: (a, b) => f(a + b),
  sub: (a, b) => f(a - b),
  mul: (a, b) => f(a * b),
  floor: Math.floor,
});

// The last product and sum are each rounded, at a size of at most 1; the argument is reduced exactly.
const bound = 2 * 2 ** -24;

it("is sine and cosine within a few roundings of a float32, through many turns", () => {
  let worst = 0;
  for (let k = -20_000; k <= 20_000; k++) {
    const x = f(k * 0.1571);
    worst = Math.max(worst, Math.abs(sin(x) - Math.sin(x)) / bound, Math.abs(cos(x) - Math.cos(x)) / bound);
  }
  expect(worst).toBeLessThan(1);
});

it("keeps zeros and quarters", () => {
  expect(sin(0)).toBe(0);
  expect(cos(0)).toBe(1);
  expect(sin(f(Math.PI / 2))).toBe(1);
});
