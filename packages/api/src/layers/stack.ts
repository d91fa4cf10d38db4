import { lengths } from "../program/primitives/lengths.js";
import { type LayerDefinition, only } from "./definition.js";
import { leadingAxes, whole } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import type { ValueInfo } from "./value-info.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** At least two float32 values of one form. */
  inputs: { kind: "values", least: 2 },
  /** Where the new feature axis stands, from 0; batch and time do not count. Default 0, the first. */
  axis: { ...whole, default: 0 },
} as const satisfies Fields;

/** Several values side by side along a feature axis of their own, semantics rule `stack`. */
export interface StackSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "stack";
}

/**
 * Several values side by side along a new feature axis. Default: the first.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const stack = (options: OptionsOf<typeof fields>): StackSpec => layerOf(stackDefinition, options);

const form = ({ dtype, axis, shape }: ValueInfo): string =>
  `${dtype} ${axis === null ? "" : `${axis} `}[${shape.join(", ")}]`;

/** Definition of the stack layer, for a kit of `@unroll/api/core`. */
export const stackDefinition = {
  type: "stack",
  fields,
  primitives: lengths,
  wire({ inputs, axis }, wiring) {
    const infos = inputs.map((ref, k) => wiring.read(ref, `inputs[${k}]`));
    const [first] = infos as [ValueInfo];
    if (infos.some((info) => info.dtype !== "float32" || form(info) !== form(first)))
      wiring.refuse(
        "inputs",
        "float32 values of one form",
        infos.map(form),
        "one time axis and equal shapes; merge joins what differs in the last axis",
      );
    if (axis > first.shape.length)
      wiring.refuse(
        "axis",
        `a place from 0 to ${first.shape.length} among the feature axes`,
        axis,
        "batch and time do not count",
      );
  },
  values({ inputs, axis }, around) {
    const info = around.value(inputs[0]!);
    return [
      ["", { ...info, shape: [...info.shape.slice(0, axis), inputs.length, ...info.shape.slice(axis)] }],
    ];
  },
  lower({ inputs, axis }, { b, read, value }) {
    const values = inputs.map(read);
    const at = leadingAxes(values[0]!, value(inputs[0]!)) + axis;
    return only(
      b.concat(
        values.map((one) => b.expandDims(one, at)),
        at,
      ),
    );
  },
} as const satisfies LayerDefinition<StackSpec>;
