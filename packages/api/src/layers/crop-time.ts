import type { LayerDefinition } from "./definition.js";
import { whole } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { ownTimeFields, ownTimePrimitives, plus, remade, whyNotRemade, wireOwnTime } from "./own-time.js";
import { wireSequence } from "./wiring.js";

const fields = {
  /** Name of the layer and of its output. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 sequence, [batch, time, ...], of more steps than are dropped. */
  input: { kind: "value" },
  /** Steps dropped from the first on. Default 0. */
  before: { ...whole, default: 0 },
  /** Steps dropped up to the last, which is each row's last real one. Default 0. */
  after: { ...whole, default: 0 },
  ...ownTimeFields,
} as const satisfies Fields;

/** A sequence without some steps at its ends, semantics rule `crop-time`; `slice` is of a feature axis. */
export interface CropTimeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "cropTime";
}

/**
 * A sequence without some steps at its ends. Defaults: none before and none after; where there are some, the
 * output's time `axis` has to be named.
 *
 * A run refuses a sequence that nothing would be left of, with UNROLL_SHAPE; a row of a longer one may end up
 * without a step.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const cropTime = (options: OptionsOf<typeof fields>): CropTimeSpec =>
  layerOf(cropTimeDefinition, options);

/** Definition of the crop-time layer, for a kit of `@unroll/api/core`. */
export const cropTimeDefinition = {
  type: "cropTime",
  fields,
  primitives: ownTimePrimitives,
  wire({ input, before, after, axis }, wiring) {
    wireSequence(input, wiring);
    wireOwnTime(axis, before + after > 0, "where nothing is dropped it is", wiring);
  },
  values({ input, axis }, around) {
    const info = around.value(input);
    return [["", { ...info, axis: axis ?? info.axis }]];
  },
  axis: ({ axis }) => axis,
  whyNotSteppable: (layer, around) =>
    whyNotRemade(
      layer,
      [layer.input],
      around,
      "gives nothing for some steps of its input; leave it out and drop those outputs yourself",
    ),
  lower: (layer, scope) =>
    remade(
      layer,
      scope,
      (b, x) => (layer.axis === null ? x : b.stride(x, 0, layer.before, layer.after)),
      (b, lengths) => b.max(plus(b, lengths, -layer.before - layer.after), b.constant(0, [], "int32")),
    ),
} as const satisfies LayerDefinition<CropTimeSpec>;
