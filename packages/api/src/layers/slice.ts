import { lengths } from "../program/primitives/lengths.js";
import { type LayerDefinition, only } from "./definition.js";
import { leadingAxes, whole, wireAxis, withSize } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Which feature axis, from 0; batch and time do not count. */
  axis: whole,
  /** The first element that stays, from 0. */
  start: whole,
  /** How many elements stay. */
  length: { kind: "count" },
  /** From one element to the next. Default 1. */
  step: { kind: "count", default: 1 },
} as const satisfies Fields;

/**
 * Part of a feature axis, semantics rule `slice`: every `step`-th element from `start` on, `length` of them.
 */
export interface SliceSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "slice";
}

/**
 * Part of a feature axis. Default: of neighbours.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const slice = (options: OptionsOf<typeof fields>): SliceSpec => layerOf(sliceDefinition, options);

/** The element after the last that stays. */
const endOf = ({ start, length, step }: SliceSpec): number => start + (length - 1) * step + 1;

/** Definition of the slice layer, for a kit of `@unroll/api/core`. */
export const sliceDefinition = {
  type: "slice",
  fields,
  primitives: lengths,
  wire(layer, wiring) {
    const size = wireAxis(layer.input, layer.axis, wiring);
    if (endOf(layer) > size)
      wiring.refuse(
        "length",
        `a slice within the ${size} elements of axis ${layer.axis}`,
        layer.length,
        `it would end at ${endOf(layer)}; start earlier or take fewer`,
      );
  },
  values({ input, axis, length }, around) {
    const info = around.value(input);
    return [["", { ...info, shape: withSize(info.shape, axis, length) }]];
  },
  lower(layer, { b, read, value }) {
    const [x, info] = [read(layer.input), value(layer.input)];
    const at = leadingAxes(x, info) + layer.axis;
    const { start, length, step } = layer;
    if (step === 1) return only(b.slice(x, at, start, length));
    return only(b.stride(x, at, start, info.shape[layer.axis]! - endOf(layer), step));
  },
} as const satisfies LayerDefinition<SliceSpec>;
