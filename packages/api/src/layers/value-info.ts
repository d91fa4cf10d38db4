import type { DType } from "../contract/tensor.js";

/** What is known of a value of a spec: its time axis, null without one, and the axes after batch and time. */
export interface ValueInfo {
  /** What its elements are. */
  readonly dtype: DType;
  /** Name of its time axis, or null for one vector a row. */
  readonly axis: string | null;
  /** Axes after batch and time. */
  readonly shape: readonly number[];
  /** A second time axis after the first, of attention weights. */
  readonly over?: string;
  /**
   * Whether it is what is left at the end of the axis of steps: a final state, or what is made of one. In a
   * step it is that of the steps so far, so no step may see it.
   */
  readonly ending?: true;
  /** Of ids that a layer makes: how many there are, so that they lie from 0 to one less. */
  readonly ids?: number;
}

export { STEPS } from "../program/runnable.js";

/** One float32 vector a row, without time. */
export const vectorOf = (size: number): ValueInfo => ({ dtype: "float32", axis: null, shape: [size] });
