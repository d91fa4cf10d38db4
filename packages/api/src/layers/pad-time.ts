import type { LayerDefinition } from "./definition.js";
import { whole } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { ownTimeFields, ownTimePrimitives, plus, remade, whyNotRemade, wireOwnTime } from "./own-time.js";
import { wireSequence } from "./wiring.js";

const fields = {
  /** Name of the layer and of its output. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 sequence, [batch, time, ...]. */
  input: { kind: "value" },
  /** Steps of zeros before the first. Default 0. */
  before: { ...whole, default: 0 },
  /** Steps of zeros after the last, which is each row's last real one. Default 0. */
  after: { ...whole, default: 0 },
  ...ownTimeFields,
} as const satisfies Fields;

/** A sequence with steps of zeros at its ends, semantics rule `pad-time`; `pad` is of a feature axis. */
export interface PadTimeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "padTime";
}

/**
 * A sequence with steps of zeros at its ends. Defaults: none before and none after; where there are some, the
 * output's time `axis` has to be named.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const padTime = (options: OptionsOf<typeof fields>): PadTimeSpec =>
  layerOf(padTimeDefinition, options);

/** Definition of the pad-time layer, for a kit of `@unroll/api/core`. */
export const padTimeDefinition = {
  type: "padTime",
  fields,
  primitives: ownTimePrimitives,
  wire({ input, before, after, axis }, wiring) {
    wireSequence(input, wiring);
    wireOwnTime(axis, before + after > 0, "without padding it is", wiring);
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
      "gives steps that its input has none for; leave it out and feed the zeros yourself",
    ),
  lower: (layer, scope) =>
    remade(
      layer,
      scope,
      (b, x) => (layer.axis === null ? x : b.pad(x, 0, layer.before, layer.after)),
      (b, lengths) => plus(b, lengths, layer.before + layer.after),
    ),
} as const satisfies LayerDefinition<PadTimeSpec>;
