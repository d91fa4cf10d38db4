import { type HostTensor, tensor } from "@unroll/api";
import { generator } from "../tolerance/random.js";

/** How numbers of a case are drawn. */
export interface ValueChoice {
  readonly seed: number;
  /**
   * Coarse values are odd eighths: a counterexample of them can be checked by hand. Fine ones use every bit.
   */
  readonly fine: boolean;
}

function hash(text: string): number {
  let h = 2166136261;
  for (let k = 0; k < text.length; k++) h = Math.imul(h ^ text.charCodeAt(k), 16777619);
  return h >>> 0;
}

/** Numbers between -scale and scale, none of them 0, that depend on the seed and the name alone. */
export function values(
  { seed, fine }: ValueChoice,
  name: string,
  shape: readonly number[],
  scale = 1,
): HostTensor<"float32"> {
  const random = generator(seed ^ hash(name));
  const one = fine ? () => random() * 2 - 1 : () => (2 * Math.floor(random() * 8) - 7) / 8;
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => one() * scale),
    shape,
  );
}

/** Ids below `limit`. */
export function ids(
  { seed }: ValueChoice,
  name: string,
  shape: readonly number[],
  limit: number,
): HostTensor<"int32"> {
  const random = generator(seed ^ hash(name));
  return tensor(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.floor(random() * limit)),
    shape,
    "int32",
  );
}
