import { type LayerDefinition, only } from "./definition.js";
import { leadingAxes } from "./feature-axes.js";
import { type Fields, type FilledOf, type OptionsOf, type OwnField, refuseSpec } from "./fields.js";
import { layerOf } from "./fill.js";
import { wireFloat } from "./wiring.js";

/** Each whole number from 0 on once. */
const permutation: OwnField<readonly number[]> = {
  kind: "own",
  check(value, path) {
    const sorted = Array.isArray(value)
      ? [...(value as unknown[])].sort((a, b) => Number(a) - Number(b))
      : [];
    if (!Array.isArray(value) || value.length === 0 || sorted.some((axis, k) => axis !== k))
      refuseSpec(path, "each feature axis once, from 0 on", value, "e.g. [1, 0] exchanges two axes");
  },
};

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Which feature axis of the input stands at each place; batch and time do not count. */
  order: permutation,
} as const satisfies Fields;

/** The feature axes in another order, semantics rule `permute`. */
export interface PermuteSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "permute";
}

/**
 * The feature axes in another order.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const permute = (options: OptionsOf<typeof fields>): PermuteSpec =>
  layerOf(permuteDefinition, options);

/** Definition of the permute layer, for a kit of `@unroll/api/core`. */
export const permuteDefinition = {
  type: "permute",
  fields,
  wire({ input, order }, wiring) {
    const { shape } = wireFloat(input, wiring);
    if (shape.length !== order.length)
      wiring.refuse(
        "order",
        `${shape.length} feature axes, as the input has`,
        order,
        "name each of them once",
      );
  },
  values({ input, order }, around) {
    const info = around.value(input);
    return [["", { ...info, shape: order.map((axis) => info.shape[axis]!) }]];
  },
  lower({ input, order }, { b, read, value }) {
    const x = read(input);
    const at = leadingAxes(x, value(input));
    const leading = Array.from({ length: at }, (_, k) => k);
    return only(b.transpose(x, [...leading, ...order.map((axis) => at + axis)]));
  },
} as const satisfies LayerDefinition<PermuteSpec>;
