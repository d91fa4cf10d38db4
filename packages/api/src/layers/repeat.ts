import { limits } from "../contract/limits.js";
import { rows } from "../program/primitives/rows.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { STEPS } from "./value-info.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A value without time, [batch, size]. */
  input: { kind: "value" },
  /** How many steps the sequence has. */
  steps: { kind: "count", most: limits.constants },
  /** Name of the sequence's time axis; no input's. Default `time`, so that it can be stepped. */
  axis: { kind: "axis", default: "time" },
} as const satisfies Fields;

/**
 * One vector a row, over and over: a sequence along an axis of its own. In a step along that axis it is the
 * vector itself.
 */
export interface RepeatSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "repeat";
}

/**
 * One vector a row repeated. Default: along `time`, so that it can be stepped.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const repeat = (options: OptionsOf<typeof fields>): RepeatSpec => layerOf(repeatDefinition, options);

/** Definition of the repeat layer, for a kit of `@unroll/api/core`. */
export const repeatDefinition = {
  type: "repeat",
  fields,
  wire({ input }, wiring) {
    const { dtype, axis, shape } = wiring.read(input, "input");
    if (dtype !== "float32" || axis !== null || shape.length !== 1)
      wiring.refuse(
        "input",
        "a float32 value [batch, size] without time",
        input,
        'a recurrent layer with returns: "last" gives one',
      );
  },
  values: ({ input, axis }, around) => [["", { ...around.value(input), axis }]],
  axis: ({ axis }) => axis,
  primitives: rows,
  lower({ input, steps, axis }, { b, read, stepping }) {
    if (stepping && axis === STEPS) return only(read(input));
    const zeros = b.constant(new Array<number>(steps).fill(0), [steps], "int32");
    return only(b.gather(b.expandDims(read(input), 0), zeros));
  },
} as const satisfies LayerDefinition<RepeatSpec>;
