import type { DTypeArray, DType } from "../contract/tensor.js";
import type { Attrs } from "../contract/program.js";
import type { Kernels, Packed } from "./kernel-types.js";

/** Memory that a plan lends to a value, and takes back after the last node that reads it. */
export interface Lease {
  readonly data: DTypeArray[DType];
  /** Index of the last node that reads it, in the region that owns it. */
  last: number;
  owner: object;
}

/** A value of a plan: its dims are numbers and its memory keeps its place. */
export interface Slot {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: DTypeArray[DType];
  /** Whether the contents are the same in every run: weights and what follows from them alone. */
  readonly fixed: boolean;
  readonly lease?: Lease | undefined;
}

/** One call of a plan's list. */
export type Step = () => void;

/** What a binder gets to know of one node, and the services of the plan around it. */
export interface Binding {
  readonly place: string;
  readonly attrs: Attrs;
  readonly ins: readonly Slot[];
  readonly outs: readonly Slot[];
  /** Names of `ins` and `outs`, for composites. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly kernels: Kernels;
  /** A matrix inside a slot, packed once if the slot is fixed and before each run of the node otherwise. */
  pack(slot: Slot, at: number, stride: number, rows: number, cols: number): Packed;
  /** Memory for this node only, while it runs. */
  scratch(size: number): Float32Array;
}

/** Turns a node with settled dims into the function that runs it. */
export type Binder = (binding: Binding) => Step;
