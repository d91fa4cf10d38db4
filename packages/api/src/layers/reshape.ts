import { sizeOf } from "../contract/tensor.js";
import { lengths } from "../program/primitives/lengths.js";
import { type LayerDefinition, only } from "./definition.js";
import { joinAxes, leadingAxes, partAxis } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { wireFloat } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Sizes of the new feature axes: as many elements as before. One axis flattens them. */
  shape: { kind: "shape" },
} as const satisfies Fields;

/**
 * The same features under other axes, row-major, semantics rule `reshape`: batch and time stay as they are.
 */
export interface ReshapeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "reshape";
}

/**
 * The same features under other axes.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const reshape = (options: OptionsOf<typeof fields>): ReshapeSpec =>
  layerOf(reshapeDefinition, options);

/** Definition of the reshape layer, for a kit of `@unroll/api/core`. */
export const reshapeDefinition = {
  type: "reshape",
  fields,
  primitives: lengths,
  wire({ input, shape }, wiring) {
    const { shape: before } = wireFloat(input, wiring);
    if (sizeOf(before) !== sizeOf(shape))
      wiring.refuse(
        "shape",
        `${sizeOf(before)} elements, as [${before.join(", ")}] has`,
        shape,
        "features are neither added nor dropped; batch and time do not count",
      );
  },
  values: ({ input, shape }, around) => [["", { ...around.value(input), shape }]],
  lower({ input, shape }, { b, read, value }) {
    const { shape: before } = value(input);
    const x = read(input);
    const at = leadingAxes(x, { shape: before });
    const flat = before.length === 0 ? b.expandDims(x, at) : joinAxes(b, x, at, before.length);
    if (shape.length === 0) return only(b.squeeze(flat, at));
    return only(shape.length === 1 ? flat : partAxis(b, flat, at, shape));
  },
} as const satisfies LayerDefinition<ReshapeSpec>;
