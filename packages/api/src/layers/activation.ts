import type { Block, Value } from "../program/builder.js";
import { activate, type Activation } from "./activations.js";
import { type LayerDefinition, only } from "./definition.js";
import { type Fields, type FilledOf, type OptionsOf, type OwnField, refuseSpec } from "./fields.js";
import { layerOf } from "./fill.js";
import { logSoftmax, softmax } from "./softmax.js";
import { wireFloat } from "./wiring.js";

/**
 * Activations of layers outside a recurrence: those of one element, among them some that cells don't have,
 * and two along the last axis.
 *
 * | name | formula | called elsewhere |
 * | --- | --- | --- |
 * | `relu6` | min(max(x, 0), 6) | Keras and torch `relu6` |
 * | `silu` | x · sigmoid x | Keras `silu`, `swish`, torch `SiLU` |
 * | `hardSilu` | x · clip(x/6 + 1/2, 0, 1) | Keras `hard_silu`, `hard_swish`, torch `Hardswish` |
 * | `mish` | x · tanh(softplus x) | Keras and torch `mish` |
 *
 * Source: Keras 3.15 `activations/activations.py`, PyTorch `torch/nn/modules/activation.py`; semantics rule
 * `activation`.
 */
export const outerActivationNames = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "hardSigmoidSixth",
  "hardSigmoidFifth",
  "softsign",
  "softplus",
  "elu",
  "leakyRelu",
  "softmax",
  "logSoftmax",
  "relu6",
  "silu",
  "hardSilu",
  "mish",
] as const satisfies readonly (Activation | OuterOnly)[];

/** Activations that cells don't have. */
type OuterOnly = "softmax" | "logSoftmax" | "relu6" | "silu" | "hardSilu" | "mish";

/**
 * An activation of a layer outside a recurrence: of each element, or `softmax` and `logSoftmax` along the
 * last axis.
 */
export type OuterActivation = Activation | OuterOnly;

const outerOnly: { readonly [Name in OuterOnly]: (b: Block, x: Value) => Value } = {
  softmax,
  logSoftmax,
  relu6: (b, x) => b.min(activate(b, "relu", x), b.constant(6)),
  silu: (b, x) => b.mul(x, b.sigmoid(x)),
  hardSilu: (b, x) => b.mul(x, activate(b, "hardSigmoidSixth", x)),
  mish: (b, x) => b.mul(x, b.tanh(activate(b, "softplus", x))),
};

const isOuterOnly = (name: OuterActivation): name is OuterOnly => Object.hasOwn(outerOnly, name);

/** Applies an activation of one element, or one along the last axis. */
export const applyOuter = (b: Block, name: OuterActivation, x: Value): Value =>
  isOuterOnly(name) ? outerOnly[name](b, x) : activate(b, name, x);

/** Activations of a slope below 0 that may be another. */
const sloped: readonly OuterActivation[] = ["leakyRelu", "elu"];

/** A finite number, or null. */
const slope: OwnField<number | null> = {
  kind: "own",
  check(value, path) {
    if (value !== null && (typeof value !== "number" || !Number.isFinite(value)))
      refuseSpec(path, "a finite number, or null for the activation's own", value, "e.g. 0.3");
  },
};

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** `softmax` and `logSoftmax` act along the last axis. */
  activation: { kind: "oneOf", of: outerActivationNames },
  /**
   * Of `leakyRelu` and `elu`: what stands for 0.01 in 0.01 x, and before e^x - 1. Default null: 0.01, and 1.
   */
  slope: { ...slope, default: null },
} as const satisfies Fields;

/** A function of every element, or along the last axis. */
export interface ActivationSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "activation";
}

/**
 * A function of every element, or softmax along the last axis.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const activation = (options: OptionsOf<typeof fields>): ActivationSpec =>
  layerOf(activationDefinition, options);

/** Definition of the activation layer, for a kit of `@unroll/api/core`. */
export const activationDefinition = {
  type: "activation",
  fields,
  wire({ input, activation, slope: own }, wiring) {
    if (own !== null && !sloped.includes(activation))
      wiring.refuse("slope", `null, as ${activation} has none`, own, `it is for ${sloped.join(" and ")}`);
    if (wireFloat(input, wiring).shape.length === 0)
      wiring.refuse("input", "a value with a feature axis", input, "give the input a shape");
  },
  values: ({ input }, around) => [["", around.value(input)]],
  lower({ input, activation, slope: own }, { b, read }) {
    const x = read(input);
    if (own === null) return only(applyOuter(b, activation, x));
    const below = activation === "elu" ? activate(b, "elu", x) : x;
    return only(b.select(b.less(b.constant(0), x), x, b.mul(below, b.constant(own))));
  },
} as const satisfies LayerDefinition<ActivationSpec>;
