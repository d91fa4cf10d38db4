import { evaluating } from "../../honest/engine.js";
import type { Kernel } from "../../honest/evaluator.js";
import { single } from "../../honest/rounding.js";
import { forwards } from "../../honest/summation.js";
import { type Fault, fire } from "./fault.js";

/** A result with other numbers. */
export const withNumbers = (right: Parameters<Kernel>[0], f: (value: number, k: number) => number) => ({
  ...right,
  data: right.data.map(f),
});

/** Size of an axis, counted from the end where it is below zero. */
export const axisSize = (shape: readonly number[], axis: number): number =>
  shape[axis < 0 ? shape.length + axis : axis] ?? 1;

/** A fault of one primitive's kernel, wherever it stands: in programs, in layers, in scans. */
export const faultOfKernel = (
  id: string,
  title: string,
  seen: string,
  ops: readonly string[],
  wrong: Kernel,
): Fault => ({
  id,
  title,
  seen,
  breakEngine(honest, planted) {
    const kernel: Kernel = (right, given) => {
      const made = wrong(right, given);
      const same = (value: number, k: number): boolean => Object.is(value, right.data[k]);
      if (made !== right && !made.data.every(same)) fire(planted);
      return made;
    };
    const faulty = evaluating(
      "faulty",
      { round: single, add: forwards },
      Object.fromEntries(ops.map((op) => [op, kernel])),
    );
    const { primitives } = honest.capabilities;
    return { ...faulty, capabilities: { ...faulty.capabilities, primitives } };
  },
});
