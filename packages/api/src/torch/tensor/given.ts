import { unrollError } from "../../contract/error.js";
import { noMore, optionsOf } from "../arguments.js";
import type { Sized } from "./operation.js";
import type { Along } from "./reducing.js";
import { refuseSizes } from "./sizes.js";

/** Whole numbers as they are. @throws UNROLL_DTYPE */
export function whole<T extends Sized>(place: string, given: T): T {
  if (given.dtype !== "int32")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "whole numbers (int32)",
      got: given.dtype,
      cure: "long() makes them; where() takes flags",
    });
  return given;
}

/** Refuses places that there are not. @throws UNROLL_SHAPE */
export function assertInside(place: string, places: ArrayLike<number>, size: number, fromEnd: boolean): void {
  const least = fromEnd ? -size : 0;
  const odd = Array.from(places).find((one) => one < least || one >= size);
  if (odd !== undefined)
    refuseSizes(place, `places from ${least} to ${size - 1}`, `${odd}`, "the axis has no more");
}

export function dimGiven(place: string, options: unknown, otherwise?: number): number {
  const { dim = otherwise } = optionsOf<{ dim?: number }>(place, options, ["dim"], "dim");
  if (dim === undefined) refuseSizes(place, "a dim", "none", "e.g. { dim: -1 }");
  return dim;
}

/** `dim` and `keepdim` one by one, or as options. */
export function alongOf(place: string, dim: unknown, keepdim: boolean | undefined): Along {
  if (typeof dim === "object" && dim !== null && !Array.isArray(dim)) {
    if (keepdim !== undefined) noMore(place, [keepdim]);
    return optionsOf<Along>(place, dim, ["dim", "keepdim"]);
  }
  return { dim: dim as number | readonly number[] | null, ...(keepdim !== undefined && { keepdim }) };
}

/** Options of a variance. */
export interface VarianceOptions extends Along {
  /** What is taken from the count. Default 1. */
  readonly correction?: number;
  /** False is a correction of 0. */
  readonly unbiased?: boolean;
}

/** Arguments of a variance, in PyTorch's order. */
export type VarianceArguments = [
  dim?: boolean | number | readonly number[] | VarianceOptions | null,
  unbiased?: boolean | undefined,
  keepdim?: boolean | undefined,
];

/** What a variance is along: options, or PyTorch's order, in which `unbiased` may stand alone. */
export function varianceOf(
  place: string,
  [dim, unbiased, keepdim]: VarianceArguments,
): Along & { readonly correction?: number } {
  if (typeof dim === "boolean") return varianceOf(place, [null, dim, keepdim]);
  if (typeof dim !== "object" || dim === null || Array.isArray(dim))
    return { ...alongOf(place, dim, keepdim), correction: unbiased === false ? 0 : 1 };
  noMore(place, unbiased === undefined ? [] : [unbiased]);
  const known = ["dim", "keepdim", "correction", "unbiased"];
  const { unbiased: fair = true, ...along } = optionsOf<VarianceOptions>(place, dim, known);
  if (!fair && along.correction !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "correction or unbiased",
      got: "both",
      cure: "unbiased: false is correction: 0",
    });
  return fair ? along : { ...along, correction: 0 };
}
