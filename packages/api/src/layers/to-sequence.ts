import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { STEPS } from "./value-info.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value without time, [batch, steps, ...]. */
  input: { kind: "value" },
  /** Name of the sequence's time axis; no input's. Default `time`. */
  axis: { kind: "axis", default: "time" },
} as const satisfies Fields;

/**
 * The first feature axis as a time axis of its own, semantics rule `to-sequence`: what a convolution has made
 * of an image, column by column.
 */
export interface ToSequenceSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "toSequence";
}

/**
 * The first feature axis as a time axis. Default: `time`.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const toSequence = (options: OptionsOf<typeof fields>): ToSequenceSpec =>
  layerOf(toSequenceDefinition, options);

/** Definition of the to-sequence layer, for a kit of `@unroll/api/core`. */
export const toSequenceDefinition = {
  type: "toSequence",
  fields,
  wire({ input }, wiring) {
    const { dtype, axis, shape } = wiring.read(input, "input");
    if (dtype !== "float32" || axis !== null || shape.length === 0)
      wiring.refuse(
        "input",
        "a float32 value [batch, steps, ...] without time",
        input,
        "reshape gives it an axis of steps; what has time is a sequence already",
      );
  },
  values({ input, axis }, around) {
    const info = around.value(input);
    return [["", { ...info, axis, shape: info.shape.slice(1) }]];
  },
  axis: ({ axis }) => axis,
  whyNotSteppable: ({ name, axis }) =>
    axis === STEPS ? `toSequence "${name}" has all of "${STEPS}" at once` : null,
  lower({ input }, { b, read }) {
    const x = read(input);
    return only(
      b.transpose(
        x,
        x.type.shape.map((_, k) => (k < 2 ? 1 - k : k)),
      ),
    );
  },
} as const satisfies LayerDefinition<ToSequenceSpec>;
