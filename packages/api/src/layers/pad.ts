import { lengths } from "../program/primitives/lengths.js";
import { type LayerDefinition, only } from "./definition.js";
import { leadingAxes, whole, wireAxis, withSize } from "./feature-axes.js";
import { type Fields, type FilledOf, type OptionsOf, type OwnField, refuseSpec } from "./fields.js";
import { layerOf } from "./fill.js";

/** A finite number. */
const finite: OwnField<number> = {
  kind: "own",
  check(value, path) {
    if (typeof value !== "number" || !Number.isFinite(value))
      refuseSpec(path, "a finite number", value, "0 is what most models are padded with");
  },
};

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Which feature axis, from 0; batch and time do not count. */
  axis: whole,
  /** Elements before the first. Default 0. */
  before: { ...whole, default: 0 },
  /** Elements after the last. Default 0. */
  after: { ...whole, default: 0 },
  /** What they hold. Default 0. */
  value: { ...finite, default: 0 },
} as const satisfies Fields;

/** A feature axis made longer at its ends, semantics rule `pad`; a slice makes it shorter. */
export interface PadSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "pad";
}

/**
 * A feature axis made longer at its ends. Defaults: by nothing, with zeros.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const pad = (options: OptionsOf<typeof fields>): PadSpec => layerOf(padDefinition, options);

/** Definition of the pad layer, for a kit of `@unroll/api/core`. */
export const padDefinition = {
  type: "pad",
  fields,
  primitives: lengths,
  wire: ({ input, axis }, wiring) => void wireAxis(input, axis, wiring),
  values({ input, axis, before, after }, around) {
    const info = around.value(input);
    return [["", { ...info, shape: withSize(info.shape, axis, before + info.shape[axis]! + after) }]];
  },
  lower({ input, axis, before, after, value: filling }, { b, read, value }) {
    const x = read(input);
    return only(b.pad(x, leadingAxes(x, value(input)) + axis, before, after, filling));
  },
} as const satisfies LayerDefinition<PadSpec>;
