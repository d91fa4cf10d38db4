import type { Block, Value } from "../program/builder.js";

/** Zeros, of which a program holds one; also for what reads no more of a value than its shape. */
export const zeros = (b: Block, shape: readonly number[]): Value =>
  shape.reduce(
    (made, size, k) => (size === 1 ? made : b.pad(made, k, 0, size - 1)),
    b.constant(
      0,
      shape.map(() => 1),
    ),
  );
