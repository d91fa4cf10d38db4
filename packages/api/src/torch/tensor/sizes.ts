import { unrollError } from "../../contract/error.js";
import { boundedSize, limits } from "../../contract/limits.js";
import { shown } from "../../contract/shown.js";
import { sizeOf } from "../../contract/tensor.js";

/** Refuses sizes or an axis. @throws UNROLL_SHAPE */
export function refuseSizes(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_SHAPE", place, expected, got, cure });
}

/** A shape as an error has it. */
export const shownShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/**
 * An axis counted from the front, of one that may be counted from the end.
 *
 * @throws UNROLL_SHAPE for one that there is not
 */
export function dimOf(place: string, dim: unknown, rank: number): number {
  // PyTorch lets a scalar have dim 0 and -1.
  const axes = Math.max(rank, 1);
  if (typeof dim !== "number" || !Number.isInteger(dim) || dim < -axes || dim >= axes)
    refuseSizes(place, `dim from ${-axes} to ${axes - 1}`, shown(dim), `the tensor has ${rank} axes`);
  return dim < 0 ? dim + axes : dim;
}

/** Several axes, rising, each once; every axis where none is given. */
export function dimsOf(
  place: string,
  dims: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  if (dims === null || dims === undefined) return Array.from({ length: rank }, (_, k) => k);
  const all = (Array.isArray(dims) ? (dims as readonly number[]) : [dims as number]).map((dim) =>
    dimOf(place, dim, rank),
  );
  if (new Set(all).size < all.length) refuseSizes(place, "each dim once", shown(dims), "leave one out");
  return all.sort((a, b) => a - b);
}

/** Sizes given one by one or as a list, as PyTorch takes both. @throws UNROLL_SHAPE */
export function sizesGiven(
  place: string,
  given: readonly (number | readonly number[])[],
  least = 0,
): readonly number[] {
  const sizes = given.length === 1 && Array.isArray(given[0]) ? (given[0] as number[]) : (given as number[]);
  const fits = (size: unknown): boolean => Number.isInteger(size) && (size as number) >= least;
  if (!sizes.every(fits) || sizes.length > limits.axes)
    refuseSizes(place, "sizes as whole numbers, one by one or as a list", shown(given), "e.g. (2, 3)");
  if (least >= 0 && boundedSize(sizes) < 0)
    refuseSizes(place, `at most ${limits.elements} elements`, shownShape(sizes), "split it");
  return [...sizes];
}

/** A shape that may have one -1, of as many elements as another. @throws UNROLL_SHAPE */
export function viewShape(place: string, shape: readonly number[], wanted: readonly number[]): number[] {
  const size = sizeOf(shape);
  const open = wanted.filter((one) => one === -1).length;
  const known = sizeOf(wanted.filter((one) => one !== -1));
  const refuse = (): never =>
    refuseSizes(
      place,
      `a shape of ${size} elements`,
      shownShape(wanted),
      `the tensor is ${shownShape(shape)}`,
    );
  if (open > 1 || wanted.some((one) => one < -1)) refuse();
  if (open === 0) return known === size ? [...wanted] : refuse();
  if (known === 0 || size % known !== 0) refuse();
  return wanted.map((one) => (one === -1 ? size / known : one));
}

/** The shape that two broadcast to. @throws UNROLL_SHAPE */
export function broadcastShape(place: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let k = 0; k < rank; k++) {
    const left = a[k - rank + a.length] ?? 1;
    const right = b[k - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      refuseSizes(
        place,
        "shapes that broadcast",
        `${shownShape(a)} and ${shownShape(b)}`,
        "axes from the end must be equal or 1",
      );
    shape.push(left === 1 ? right : left);
  }
  return shape;
}
