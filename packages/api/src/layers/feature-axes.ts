import { limits } from "../contract/limits.js";
import type { Block, Value } from "../program/builder.js";
import type { Wiring } from "./definition.js";
import { type OwnField, refuseSpec, type ValueRef } from "./fields.js";
import type { ValueInfo } from "./value-info.js";
import { wireFloat } from "./wiring.js";
import { zeros } from "./zeros.js";

/** A whole number of at least 0. */
export const whole: OwnField<number> = {
  kind: "own",
  check(value, path) {
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > limits.elements)
      refuseSpec(
        path,
        `a whole number from 0 to ${limits.elements}`,
        value,
        "axes and elements count from 0",
      );
  },
};

/** Checks that a float32 input has a feature axis of a number. @returns its size. @throws UNROLL_SPEC */
export function wireAxis(input: ValueRef, axis: number, wiring: Wiring): number {
  const { shape } = wireFloat(input, wiring);
  const size = shape[axis];
  if (size === undefined)
    wiring.refuse(
      "axis",
      shape.length === 0 ? "an input with feature axes" : `a feature axis from 0 to ${shape.length - 1}`,
      axis,
      "batch and time do not count; a layer over time has another name",
    );
  return size;
}

/** How many axes a value has before its features: batch, and time where there is one. */
export const leadingAxes = (x: Value, { shape }: Pick<ValueInfo, "shape">): number =>
  x.type.shape.length - shape.length;

/** Parts an axis of a value into several of known sizes, whose product it is long. */
export const partAxis = (b: Block, x: Value, axis: number, sizes: readonly number[]): Value =>
  b.splitAxis(x, zeros(b, [...new Array<number>(axis).fill(1), ...sizes]), axis, sizes.length);

/** `count` axes from one on as one. */
export const joinAxes = (b: Block, x: Value, axis: number, count: number): Value =>
  count === 1 ? x : b.mergeAxes(x, axis, count);

/** A shape with another size at an axis, or without the axis. */
export const withSize = (shape: readonly number[], axis: number, ...sizes: readonly number[]): number[] => [
  ...shape.slice(0, axis),
  ...sizes,
  ...shape.slice(axis + 1),
];
