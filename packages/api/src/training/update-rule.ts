import type { Block, Value } from "../program/builder.js";

/** Names with a value each. */
export type Values = Readonly<Record<string, Value>>;

/** What one step of a rule sees of one weight: values of the same shape, and scalars of shape []. */
export interface UpdateStep {
  /** The weight, of any shape. */
  readonly weight: Value;
  /** The gradient of the loss by the weight, of its shape. */
  readonly gradient: Value;
  /** What the rule keeps from step to step, each of the weight's shape. */
  readonly slots: Values;
  /** Numbers of this step, each of shape []; see {@link UpdateRule.scalars}. */
  readonly scalars: Values;
}

/** An optimiser: how a weight changes by its gradient, as operations that any engine runs. */
export interface UpdateRule {
  /** Of the optimiser and its framework, e.g. `keras adam`. */
  readonly name: string;
  /** What is kept of each weight, with the number that it is filled with at first. */
  readonly slots: Readonly<Record<string, number>>;
  /**
   * Numbers of a step that all weights share, computed in float64: bias corrections and the like.
   *
   * @param step which it is, from 1
   * @param learningRate that of this step
   */
  scalars(step: number, learningRate: number): Readonly<Record<string, number>>;
  /** Appends one step for one weight. @returns the new weight and the new slots */
  append(b: Block, step: UpdateStep): { readonly weight: Value; readonly slots: Values };
}

/** Whose formula of an optimiser it is: they differ in where epsilon is, in decay and in corrections. */
export type Framework = "keras" | "pytorch";

/** a + (b - a) · share: how both frameworks move an average. */
export const moved = (b: Block, average: Value, to: Value, share: number): Value =>
  b.add(average, b.mul(b.sub(to, average), b.constant(share)));
