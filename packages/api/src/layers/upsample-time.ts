import { limits } from "../contract/limits.js";
import type { Block, Value } from "../program/builder.js";
import type { LayerDefinition } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { ownTimeFields, ownTimePrimitives, remade, whyNotRemade, wireOwnTime } from "./own-time.js";
import { wireSequence } from "./wiring.js";

const fields = {
  /** Name of the layer and of its output. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 sequence, [batch, time, ...]. */
  input: { kind: "value" },
  /** How many steps each becomes. */
  times: { kind: "count", most: limits.constants },
  ...ownTimeFields,
} as const satisfies Fields;

/**
 * A sequence each of whose steps stands several times in a row, semantics rule `upsample-time`; `tile` is of
 * a feature axis, `repeat` of what has no time.
 */
export interface UpsampleTimeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "upsampleTime";
}

/**
 * A sequence each of whose steps stands several times in a row. The output's time `axis` has to be named.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const upsampleTime = (options: OptionsOf<typeof fields>): UpsampleTimeSpec =>
  layerOf(upsampleTimeDefinition, options);

/** x [time, batch, ...] with each step so many times. By numbers of steps, so that x gets no further axis. */
function repeated(b: Block, x: Value, times: number): Value {
  if (times === 1) return x;
  const again = b.constant(new Array<number>(times).fill(0), [1, times], "int32");
  return b.gather(x, b.mergeAxes(b.add(b.expandDims(b.iota(x, 0), 1), again), 0, 2));
}

/** Definition of the upsample-time layer, for a kit of `@unroll/api/core`. */
export const upsampleTimeDefinition = {
  type: "upsampleTime",
  fields,
  primitives: ownTimePrimitives,
  wire({ input, times, axis }, wiring) {
    wireSequence(input, wiring);
    wireOwnTime(axis, times > 1, "with times 1 it is", wiring);
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
      `gives ${layer.times} steps for each of its input; step what comes after it as often yourself`,
    ),
  lower: (layer, scope) =>
    remade(
      layer,
      scope,
      (b, x) => repeated(b, x, layer.times),
      (b, lengths) => b.mul(lengths, b.constant(layer.times, [], "int32")),
    ),
} as const satisfies LayerDefinition<UpsampleTimeSpec>;
