import type { Block, NamedValues, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { perRow } from "./recurrence.js";
import { STEPS } from "./value-info.js";
import { wireSequence } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 sequence, [batch, time, ...]. */
  input: { kind: "value" },
  /**
   * `first` and `last`: of the steps that are there, real or not. `lastReal`: the last real one of each row;
   * zeros for a row without any.
   */
  step: { kind: "oneOf", of: ["first", "last", "lastReal"] },
} as const satisfies Fields;

/**
 * One step of a sequence, semantics rule `pick-step`. The last one can be stepped: it is the step itself.
 */
export interface PickStepSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "pickStep";
}

/**
 * One step of a sequence.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const pickStep = (options: OptionsOf<typeof fields>): PickStepSpec =>
  layerOf(pickStepDefinition, options);

/** Where the last real step of each row is, bool [time, batch]; undefined where that is the last of all. */
function lastReal(b: Block, x: Value, { lengths, mask }: NamedValues): Value | undefined {
  const positions = (): Value => b.expandDims(b.iota(x, 0), 1);
  if (lengths) return b.equal(positions(), b.expandDims(b.sub(lengths, b.constant(1, [], "int32")), 0));
  if (!mask) return undefined;
  const at = b.cast(positions(), "float32");
  const last = b.reduceMax(b.select(mask, at, b.constant(-1)), 0);
  return b.equal(at, last);
}

/** Definition of the pick-step layer, for a kit of `@unroll/api/core`. */
export const pickStepDefinition = {
  type: "pickStep",
  fields,
  wire: ({ input }, wiring) => void wireSequence(input, wiring),
  values: ({ input }, around) => [["", { ...around.value(input), axis: null }]],
  whyNotSteppable({ name, input, step }, around) {
    return step === "first" && around.value(input).axis === STEPS
      ? `pickStep "${name}" looks back at the first of "${STEPS}"`
      : null;
  },
  lower({ input, step }, { b, read, value, extent, stepping }) {
    const [x, { axis }] = [read(input), value(input)];
    if (stepping && axis === STEPS) return only(x);
    const where = step === "lastReal" ? lastReal(b, x, extent(axis)) : undefined;
    // All but one are replaced by zeros, so that nothing which they hold is added.
    if (where) return only(b.squeeze(b.sum(b.select(perRow(b, where, x, 2), x, b.constant(0)), 0), 0));
    return only(b.squeeze(b.slice(x, 0, step === "first" ? 0 : -1, 1), 0));
  },
} as const satisfies LayerDefinition<PickStepSpec>;
