// 2^(n/8) for n/8 from -200 to 200: beyond that float32 has only 0 and Infinity to say.
const HALF = 1600;
const powers = new Float64Array(2 * HALF + 1);
for (let n = 0; n < powers.length; n++) powers[n] = 2 ** ((n - HALF) / 8);

/**
 * e to the x with a relative error below 1.4e-9, for results stored as float32; a third of the time of
 * `Math.exp`.
 *
 * x = n ln2/8 + r with |r| <= ln2/16, so e^x = 2^(n/8) (1 + r + ... + r^4/24). Arguments are held within
 * ±110, where float32 has long reached 0 and Infinity; comparisons let NaN through.
 */
export function exponential(x: number): number {
  const v = x > 110 ? 110 : x < -110 ? -110 : x;
  const n = Math.floor(v * 11.541560327111708 + 0.5) | 0;
  const r = v - n * 0.08664339756999316;
  return powers[n + HALF]! * (1 + r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24)))));
}

/** 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: number): number {
  return 1 / (1 + exponential(-x));
}

/** tanh x with a relative error below 3e-8: its series where 1 - 2 / (e^2x + 1) would cancel. */
export function tanh(x: number): number {
  const s = x * x;
  return s < 0.01
    ? x * (1 - s * (1 / 3 - s * (2 / 15 - s * (17 / 315 - s * (62 / 2835)))))
    : 1 - 2 / (exponential(2 * x) + 1);
}
