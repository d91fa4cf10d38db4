/**
 * Largest sizes that a manifest or a model's JSON may name. Real models are well below them; what is above is
 * refused before anything of that size is made.
 */
export const limits = {
  /** Units, features, rows of a batch, characters of a vocabulary: one axis of a tensor. */
  size: 1_000_000,
  /** Layers one over the other. */
  layers: 256,
  /** Cases of a manifest. */
  cases: 100_000,
  /** Calls of a stateful layer, each of which is run with all before it. */
  calls: 256,
} as const;
