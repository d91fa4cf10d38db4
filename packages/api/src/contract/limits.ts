import { unrollError, type UnrollErrorCode } from "./error.js";

/**
 * What a number in a spec, a program or a file may ask for at most. They stand far above what models need,
 * and below what ends a process: a failed allocation is an error, too much memory is not.
 */
export const limits = {
  /** Elements of one tensor: 2 GiB of float32, what a 32-bit engine (wasm) and ONNX's files can hold. */
  elements: 2 ** 29,
  /** Numbers that a program holds itself, as constants, and steps that a layer repeats a value for. */
  constants: 2 ** 20,
  /** Layers, inputs, outputs and other lists of a spec; nodes and values of a region. */
  list: 2 ** 16,
  /** Axes of a tensor, and nesting of the arrays it is made from. */
  axes: 32,
  /** Bodies within bodies of a program. */
  bodies: 32,
  /** Letters of a name. */
  name: 200,
} as const;

/**
 * The product of sizes, where it is within a limit; -1 where it is not, where a size is no whole number of at
 * least 0, or where there are too many axes. Exact: it stops before a number gets too large to be.
 */
export function boundedSize(sizes: readonly number[], limit: number = limits.elements): number {
  if (!Array.isArray(sizes) || sizes.length > limits.axes) return -1;
  let size = 1;
  for (const dim of sizes as readonly number[]) {
    if (!(Number.isInteger(dim) && dim >= 0 && dim <= limit)) return -1;
    size *= dim;
    if (size > limit) return -1;
  }
  return size;
}

/** Refuses a tensor that is too large, before it is allocated. @throws an error of the code */
export function assertFits(code: UnrollErrorCode, place: string, shape: readonly number[]): void {
  if (boundedSize(shape) < 0)
    throw unrollError({
      code,
      place,
      expected: `at most ${limits.elements} elements`,
      got: `[${shape.join(", ")}]`,
      cure: "split it into smaller ones",
      details: { shape, limit: limits.elements },
    });
}
