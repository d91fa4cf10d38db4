import type { Block, NamedValues, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { ownTimeFields, ownTimePrimitives, whyNotRemade } from "./own-time.js";
import { compacted } from "./real-steps.js";
import { maskOf } from "./recurrence.js";
import type { ValueInfo } from "./value-info.js";

const fields = {
  /** Name of the layer and of its output. Unique in the spec. */
  name: { kind: "name" },
  /** At least two float32 sequences [batch, time, ...] of equal features; each may have a time of its own. */
  inputs: { kind: "values", least: 2 },
  /** Name of the output's time axis; no input's. */
  axis: { kind: "axis" },
  /**
   * Steps that are masked or past a row's length. `skip`, the default: they are not there. `ignore`: every
   * step is real to the layer.
   */
  maskedSteps: ownTimeFields.maskedSteps,
} as const satisfies Fields;

/**
 * Sequences one after the other, semantics rule `concat-time`; `merge` joins features of one time, `stack`
 * makes a feature axis.
 */
export interface ConcatTimeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "concatTime";
}

/**
 * Sequences one after the other. Default: of their real steps alone, so that a row is that of the first and
 * right after its end that of the next.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const concatTime = (options: OptionsOf<typeof fields>): ConcatTimeSpec =>
  layerOf(concatTimeDefinition, options);

/** Which steps of x [time, batch, ...] are real, bool [time, batch], where all may be. */
function realOf(b: Block, x: Value, extent: NamedValues): Value {
  const known = maskOf(b, x, extent);
  if (known) return known;
  const none = b.mul(b.iota(x, 1), b.constant(0, [], "int32"));
  const step = b.add(b.expandDims(b.iota(x, 0), 1), b.expandDims(none, 0));
  return b.equal(step, step);
}

/** Definition of the concat-time layer, for a kit of `@unroll/api/core`. */
export const concatTimeDefinition = {
  type: "concatTime",
  fields,
  primitives: ownTimePrimitives,
  wire({ inputs }, wiring) {
    const infos = inputs.map((ref, k) => wiring.read(ref, `inputs[${k}]`));
    const form = ({ dtype, axis, shape }: ValueInfo): string =>
      `${dtype} ${axis === null ? "" : `${axis} `}[${shape.join(", ")}]`;
    const { shape } = infos[0]!;
    if (
      infos.some((one) => one.dtype !== "float32" || one.axis === null || one.shape.join() !== shape.join())
    )
      wiring.refuse(
        "inputs",
        "float32 sequences of equal features",
        infos.map(form),
        "repeat makes a sequence of what has no time; dense makes features equal",
      );
  },
  values: ({ inputs, axis }, around) => [["", { ...around.value(inputs[0]!), axis }]],
  axis: ({ axis }) => axis,
  whyNotSteppable: (layer, around) =>
    whyNotRemade(
      layer,
      layer.inputs,
      around,
      "puts sequences one after the other; leave it out and step through them in turn yourself",
    ),
  lower({ inputs, axis, maskedSteps }, { b, read, value, extent }) {
    const sequences = inputs.map(read);
    const extents = inputs.map((ref) => (maskedSteps === "ignore" ? {} : extent(value(ref).axis)));
    const joined = b.concat(sequences, 0);
    if (!extents.some(({ lengths, mask }) => lengths ?? mask)) return only(joined);
    const mask = b.concat(
      sequences.map((x, k) => realOf(b, x, extents[k]!)),
      0,
    );
    const { x, lengths } = compacted(b, joined, { mask });
    return { ...only(x), extent: [axis, { lengths }] };
  },
} as const satisfies LayerDefinition<ConcatTimeSpec>;
