import type { Block, Value } from "../program/builder.js";
import { activate, type Activation } from "./activations.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { logSoftmax, softmax } from "./softmax.js";
import { wireFloat } from "./wiring.js";

/** Activations of layers outside a recurrence: those of one element, and two along the last axis. */
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
] as const satisfies readonly (Activation | "softmax" | "logSoftmax")[];

/**
 * An activation of a layer outside a recurrence: of each element, or `softmax` and `logSoftmax` along the
 * last axis.
 */
export type OuterActivation = Activation | "softmax" | "logSoftmax";

/** Applies an activation of one element, or one along the last axis. */
export function applyOuter(b: Block, name: OuterActivation, x: Value): Value {
  if (name === "softmax") return softmax(b, x);
  return name === "logSoftmax" ? logSoftmax(b, x) : activate(b, name, x);
}

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** `softmax` and `logSoftmax` act along the last axis. */
  activation: { kind: "oneOf", of: outerActivationNames },
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
  wire({ input }, wiring) {
    if (wireFloat(input, wiring).shape.length === 0)
      wiring.refuse("input", "a value with a feature axis", input, "give the input a shape");
  },
  values: ({ input }, around) => [["", around.value(input)]],
  lower: ({ input, activation }, { b, read }) => only(applyOuter(b, activation, read(input))),
} as const satisfies LayerDefinition<ActivationSpec>;
