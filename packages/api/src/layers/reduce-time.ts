import type { Block, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { maskOf, perRow } from "./recurrence.js";
import { reductionModes } from "./reduce.js";
import { STEPS } from "./value-info.js";
import { wireSequence } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 sequence, [batch, time, ...]. */
  input: { kind: "value" },
  /** The sum over the steps, their mean, or the largest of each feature. */
  mode: { kind: "oneOf", of: reductionModes },
  /**
   * What counts of a padded sequence: `skip`, the default, its real steps alone, so that padding never
   * matters; `include` every step that is there, as a mean or maximum over the axis of a tensor does.
   */
  padding: { kind: "oneOf", of: ["skip", "include"], default: "skip" },
} as const satisfies Fields;

/** The steps of a sequence made one vector a row, their sum, mean or maximum; rule `reduce-time`. */
export interface ReduceTimeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "reduceTime";
}

/**
 * The steps of a sequence made one vector a row. Default: of its real steps alone.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const reduceTime = (options: OptionsOf<typeof fields>): ReduceTimeSpec =>
  layerOf(reduceTimeDefinition, options);

/** How many steps count, [1], or [1, batch] where rows end by themselves. */
const countOf = (b: Block, x: Value, real: Value | undefined): Value =>
  real
    ? b.max(b.sum(b.cast(real, "float32"), 0), b.constant(1))
    : b.sum(b.expand(b.constant(1, [1]), b.iota(x, 0)), 0);

/**
 * What is over the steps of x [time, batch, ...], with time of length 1. Padding is replaced, never
 * multiplied, so whatever it holds does not matter; for a maximum by the least there is, or by the zero of
 * the padding if that is less.
 */
function reduced(b: Block, x: Value, real: Value | undefined, mode: ReduceTimeSpec["mode"]): Value {
  const where = real && perRow(b, real, x, 2);
  const kept = where ? b.select(where, x, b.constant(0)) : x;
  switch (mode) {
    case "sum":
      return b.sum(kept, 0);
    case "mean":
      return b.div(b.sum(kept, 0), perRow(b, countOf(b, x, real), x, real ? 2 : 1));
    case "max":
      return b.reduceMax(where ? b.select(where, x, b.neg(b.reduceMax(b.neg(kept), 0))) : x, 0);
    default:
      return mode satisfies never;
  }
}

/** Definition of the reduce-time layer, for a kit of `@unroll/api/core`. */
export const reduceTimeDefinition = {
  type: "reduceTime",
  fields,
  wire: ({ input }, wiring) => void wireSequence(input, wiring),
  values: ({ input }, around) => [["", { ...around.value(input), axis: null }]],
  whyNotSteppable({ name, input }, around) {
    return around.value(input).axis === STEPS ? `reduceTime "${name}" looks at all of "${STEPS}"` : null;
  },
  lower({ input, mode, padding }, { b, read, value, extent }) {
    const x = read(input);
    const real = padding === "skip" ? maskOf(b, x, extent(value(input).axis)) : undefined;
    return only(b.squeeze(reduced(b, x, real, mode), 0));
  },
} as const satisfies LayerDefinition<ReduceTimeSpec>;
