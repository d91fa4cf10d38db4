import type { PickStepSpec, ReduceTimeSpec, ToSequenceSpec } from "@unroll/api";
import { type Context, type Equations, gathered, largest, sizeOf, summed, type Value } from "./context.js";

/** The steps of a row that are real. */
const realSteps = <V>({ real }: Context<V>, { axis, rows }: Value<V>, row: number): V[] =>
  rows[row]!.filter((_, t) => real(axis, row, t));

/** Rule `reduce-time`. */
export const reduceTime: Equations<ReduceTimeSpec> = <V>(layer: ReduceTimeSpec, context: Context<V>) => {
  const { m } = context;
  const { mode, padding } = layer;
  const value = context.value(layer.input);
  const size = sizeOf(value.shape);
  const over = (steps: readonly V[]): V => {
    if (steps.length === 0) return m.zeros(size);
    if (mode === "max") return largest(m, steps);
    const together = m.concat(steps);
    const ofFeature = (k: number): number[] => steps.map((_, t) => t * size + k);
    const sums = m.concat(
      Array.from({ length: size }, (_, k) => summed(m, gathered(m, together, ofFeature(k)), steps.length)),
    );
    return mode === "mean" ? m.divide(sums, steps.length) : sums;
  };
  const rows = value.rows.map((steps, row) => [
    over(padding === "skip" ? realSteps(context, value, row) : steps),
  ]);
  return [[layer.name, { axis: null, shape: value.shape, rows }]];
};

/** Rule `pick-step`. */
export const pickStep: Equations<PickStepSpec> = ({ name, input, step }, context) => {
  const value = context.value(input);
  const rows = value.rows.map((steps, row) => {
    const among = step === "lastReal" ? realSteps(context, value, row) : steps;
    return [among.at(step === "first" ? 0 : -1) ?? context.m.zeros(sizeOf(value.shape))];
  });
  return [[name, { axis: null, shape: value.shape, rows }]];
};

/** Rule `to-sequence`. */
export const toSequence: Equations<ToSequenceSpec> = ({ name, input, axis }, context) => {
  const { m } = context;
  const { shape, rows } = context.value(input);
  const [steps, size] = [shape[0]!, sizeOf(shape.slice(1))];
  const parted = rows.map(([one]) => Array.from({ length: steps }, (_, t) => m.slice(one!, t * size, size)));
  return [[name, { axis, shape: shape.slice(1), rows: parted }]];
};
