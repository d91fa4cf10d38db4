import type { HostTensor } from "@unroll/api";
import type { Float64Tensor } from "../oracle/evaluate.js";

/** How a result compares with the truth. */
export interface Comparison {
  /**
   * Largest distance from the exact value; Infinity for a NaN that should be a number, or the other way
   * round.
   */
  readonly maxError: number;
  /** Largest ratio of an element's error to its bound; the result is right when it is below 1. */
  readonly errorOverBound: number;
  /** First element over its bound, row-major; -1 when there is none. */
  readonly firstBadIndex: number;
  /** What is at that element. */
  readonly got?: number;
  /** What is true there. */
  readonly want?: number;
  /** How far from it an honest engine may be. */
  readonly bound?: number;
}

/** Compares `data` element by element. A shape that differs is an infinite error at element 0. */
export function compareWithBound(
  got: Pick<HostTensor, "shape"> & { readonly data: ArrayLike<number> },
  exact: Float64Tensor,
  bound: Float64Tensor,
): Comparison {
  if (got.shape.join() !== exact.shape.join())
    return { maxError: Infinity, errorOverBound: Infinity, firstBadIndex: 0 };
  let [maxError, errorOverBound, firstBadIndex] = [0, 0, -1];
  for (let k = 0; k < exact.data.length; k++) {
    const [value, want, allowed] = [got.data[k]!, exact.data[k]!, bound.data[k]!];
    const error = errorOf(value, want);
    const ratio = error === 0 ? 0 : error / allowed;
    maxError = Math.max(maxError, error);
    if (Number.isNaN(ratio) || ratio > errorOverBound)
      errorOverBound = Number.isNaN(ratio) ? Infinity : ratio;
    if (!(ratio < 1) && firstBadIndex < 0) firstBadIndex = k;
  }
  if (firstBadIndex < 0) return { maxError, errorOverBound, firstBadIndex };
  return {
    maxError,
    errorOverBound,
    firstBadIndex,
    got: got.data[firstBadIndex]!,
    want: exact.data[firstBadIndex]!,
    bound: bound.data[firstBadIndex]!,
  };
}

function errorOf(got: number, want: number): number {
  // Infinity less infinity is no number.
  if (Object.is(got, want)) return 0;
  if (Number.isNaN(want) || Number.isNaN(got)) return Infinity;
  return Math.abs(got - want);
}

/** The worse of two comparisons. */
export const worse = (a: Comparison, b: Comparison): Comparison =>
  b.errorOverBound > a.errorOverBound
    ? { ...b, maxError: Math.max(a.maxError, b.maxError) }
    : { ...a, maxError: Math.max(a.maxError, b.maxError) };
