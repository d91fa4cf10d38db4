import { only, type LayerDefinition } from "./definition.js";
import { applyOuter, outerActivationNames } from "./activation.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { affine } from "./recurrence.js";
import { wireSize } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value whose last axis is `inputSize`. */
  input: { kind: "value" },
  /** Size of the input's last axis. */
  inputSize: { kind: "count" },
  /** Size of the output's last axis. */
  units: { kind: "count" },
  /** Of the output. Default `linear`. `softmax` and `logSoftmax` act along the last axis. */
  activation: { kind: "oneOf", of: outerActivationNames, default: "linear" },
  /** `single`, the default: one bias a unit is added. `none`: there is none. */
  bias: { kind: "oneOf", of: ["none", "single"], default: "single" },
} as const satisfies Fields;

/** activation(x·kernel + bias). Weights: `kernel` [inputSize, units], `bias` [units]. */
export interface DenseSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "dense";
}

/**
 * A fully connected layer. Defaults: linear, with bias.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const dense = (options: OptionsOf<typeof fields>): DenseSpec => layerOf(denseDefinition, options);

/** Definition of the dense layer, for a kit of `@unroll/api/core`. */
export const denseDefinition = {
  type: "dense",
  fields,
  wire: ({ input, inputSize }, wiring) => wireSize(inputSize, wiring.read(input, "input"), wiring),
  values({ input, units }, around) {
    const info = around.value(input);
    return [["", { ...info, shape: [...info.shape.slice(0, -1), units] }]];
  },
  weights: ({ inputSize, units, bias }) => [
    { name: "kernel", shape: [inputSize, units] },
    ...(bias === "single" ? [{ name: "bias", shape: [units] }] : []),
  ],
  lower: ({ input, activation }, { b, weights, read }) =>
    only(applyOuter(b, activation, affine(b, read(input), weights["kernel"]!, weights["bias"]))),
} as const satisfies LayerDefinition<DenseSpec>;
