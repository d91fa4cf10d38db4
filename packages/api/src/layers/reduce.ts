import type { Block, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import { leadingAxes, whole, wireAxis, withSize } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";

/** What becomes of several numbers. */
export const reductionModes = ["sum", "mean", "max"] as const;

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Which feature axis goes away, from 0; batch and time do not count. */
  axis: whole,
  /** Their sum, their mean, or the largest. */
  mode: { kind: "oneOf", of: reductionModes },
} as const satisfies Fields;

/** A feature axis made one number: its sum, mean or maximum; semantics rule `reduce`. */
export interface ReduceSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "reduce";
}

/**
 * A feature axis made one number.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const reduce = (options: OptionsOf<typeof fields>): ReduceSpec => layerOf(reduceDefinition, options);

function reduced(b: Block, x: Value, axis: number, mode: ReduceSpec["mode"], size: number): Value {
  switch (mode) {
    case "sum":
      return b.sum(x, axis);
    case "mean":
      return b.div(b.sum(x, axis), b.constant(size));
    case "max":
      return b.reduceMax(x, axis);
    default:
      return mode satisfies never;
  }
}

/** Definition of the reduce layer, for a kit of `@unroll/api/core`. */
export const reduceDefinition = {
  type: "reduce",
  fields,
  wire: ({ input, axis }, wiring) => void wireAxis(input, axis, wiring),
  values({ input, axis }, around) {
    const info = around.value(input);
    return [["", { ...info, shape: withSize(info.shape, axis) }]];
  },
  lower({ input, axis, mode }, { b, read, value }) {
    const [x, info] = [read(input), value(input)];
    const at = leadingAxes(x, info) + axis;
    return only(b.squeeze(reduced(b, x, at, mode, info.shape[axis]!), at));
  },
} as const satisfies LayerDefinition<ReduceSpec>;
