/** How coarse an engine's arithmetic is. */
export interface Precision {
  /** Unit roundoff: half the distance from 1 to the next number. */
  readonly unit: number;
  /** Absolute error allowed to tanh, sigmoid and exp: engines approximate them by rational functions. */
  readonly activation: number;
  /** Smallest normal number: below it results may be flushed to zero. */
  readonly smallest: number;
  /** Largest number: past it a result is infinite. */
  readonly largest: number;
}

/**
 * `activation` of f32 is what onnxruntime's logistic and tanh were measured to be off by at most (1.7e-7 on
 * 1.30; its fused operators share them), rounded up; the other engines stay below 6e-8.
 */
export const precisions: Readonly<Record<"f32" | "f16" | "mixed", Precision>> = {
  f32: { unit: 2 ** -24, activation: 2e-7, smallest: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127 },
  f16: { unit: 2 ** -11, activation: 2 ** -10, smallest: 2 ** -14, largest: 65504 },
  mixed: { unit: 2 ** -11, activation: 2 ** -10, smallest: 2 ** -14, largest: 65504 },
};
