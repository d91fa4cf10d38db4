import type { WeightMap } from "../../contract/adapter.js";
import type { DType } from "../../contract/tensor.js";
import type { Block, Value } from "../../program/builder.js";

/** What an operation needs to know of a tensor. */
export interface Sized {
  /** What its elements are. */
  readonly dtype: DType;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
}

/**
 * One operation on tensors, defined once: what it appends to a program. Run at once it is a program of its
 * own, kept for operands of the same form; traced it is a part of a larger one.
 */
export interface Operation {
  /** PyTorch's name, for errors. */
  readonly name: string;
  /** Operations of one key append the same nodes to operands of the same form. */
  readonly key: string;
  /** Appends it. Sizes are known: no axis has a name. */
  build(b: Block, operands: readonly Value[]): Value | readonly Value[];
  /** Weights that it has of its own. */
  readonly weights?: OwnWeights;
  /** Where the result is its operand's memory in another shape, that shape. */
  readonly alias?: readonly number[];
}

/** Weights that an operation has of its own: operands after those that it is given. */
export interface OwnWeights {
  /** Whoever has them. What is kept for an operation is kept for as long as the owner. */
  readonly owner: object;
  /** Another number where they are no longer what they were. */
  readonly version: string;
  /** The weights, in order. @throws UNROLL_WEIGHTS before they are loaded */
  values(): WeightMap;
}

/** Sizes of a value whose every axis has a number. */
export const sizesOf = (value: Value): readonly number[] => value.type.shape as readonly number[];
