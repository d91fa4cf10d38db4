import { wireFloat } from "./wiring.js";
import { type LayerDefinition, only } from "./definition.js";
import { type Fields, type FilledOf, type OptionsOf, type OwnField, refuseSpec } from "./fields.js";
import { layerOf } from "./fill.js";

/** A number from 0 to 1. */
const rate: OwnField<number> = {
  kind: "own",
  check(value, path) {
    if (typeof value !== "number" || !(value >= 0 && value <= 1))
      refuseSpec(path, "a number from 0 to 1", value, "a rate is the share that training drops");
  },
};

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Share of elements that training drops, 0 to 1. */
  rate,
} as const satisfies Fields;

/** Identity at inference; kept so that a ported model keeps its form. */
export interface DropoutSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "dropout";
}

/**
 * Identity at inference.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const dropout = (options: OptionsOf<typeof fields>): DropoutSpec =>
  layerOf(dropoutDefinition, options);

/** Definition of the dropout layer, for a kit of `@unroll/api/core`. */
export const dropoutDefinition = {
  type: "dropout",
  fields,
  wire: ({ input }, wiring) => void wireFloat(input, wiring),
  values: ({ input }, around) => [["", around.value(input)]],
  lower: ({ input }, { read }) => only(read(input)),
} as const satisfies LayerDefinition<DropoutSpec>;
