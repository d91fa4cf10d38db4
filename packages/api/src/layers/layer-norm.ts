import type { Attrs } from "../contract/program.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { wireSize } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value whose last axis is `inputSize`. */
  input: { kind: "value" },
  /** Size of the input's last axis. Mean and variance are taken over it. */
  inputSize: { kind: "count" },
  /** Added to the variance. Default 1e-5, PyTorch's; Keras's is 1e-3. */
  epsilon: { kind: "positive", default: 1e-5 },
  /** Whether each feature is multiplied by a weight. Default true. */
  scale: { kind: "oneOf", of: [true, false], default: true },
  /** Whether each feature has a weight added. Default true. */
  center: { kind: "oneOf", of: [true, false], default: true },
} as const satisfies Fields;

/**
 * Normalisation of every vector over its features, semantics rule `layer-norm` (Ba, Kiros and Hinton 2016,
 * arXiv:1607.06450). Weights: `gamma` [inputSize], `beta` [inputSize].
 */
export interface LayerNormSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "layerNorm";
}

/**
 * Composite `layerNorm` along the last axis. Inputs: x [..., inputSize], optionally gamma and beta
 * [inputSize].
 */
export function normalised(
  block: Block,
  x: Value,
  weights: NamedValues,
  attrs: Attrs & { epsilon: number },
): Value {
  const { gamma, beta } = weights;
  return block.composite("layerNorm", { x, gamma, beta }, attrs, (b, v) => {
    const axis = x.type.shape.length - 1;
    const size = b.constant(x.type.shape[axis] as number);
    const centred = b.sub(v["x"]!, b.div(b.sum(v["x"]!, axis), size));
    const variance = b.div(b.sum(b.mul(centred, centred), axis), size);
    const y = b.div(centred, b.sqrt(b.add(variance, b.constant(attrs.epsilon))));
    const scaled = v["gamma"] ? b.mul(y, v["gamma"]) : y;
    return { y: v["beta"] ? b.add(scaled, v["beta"]) : scaled };
  }).y;
}

/**
 * Normalisation of every vector over its features. Defaults: epsilon 1e-5, with scale and centre.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const layerNorm = (options: OptionsOf<typeof fields>): LayerNormSpec =>
  layerOf(layerNormDefinition, options);

/** Definition of the layer normalisation layer, for a kit of `@unroll/api/core`. */
export const layerNormDefinition = {
  type: "layerNorm",
  fields,
  wire: ({ input, inputSize }, wiring) => wireSize(inputSize, wiring.read(input, "input"), wiring),
  values: ({ input }, around) => [["", around.value(input)]],
  weights: ({ inputSize, scale, center }) => [
    ...(scale ? [{ name: "gamma", shape: [inputSize] }] : []),
    ...(center ? [{ name: "beta", shape: [inputSize] }] : []),
  ],
  lower: ({ input, epsilon }, { b, weights, read }) => only(normalised(b, read(input), weights, { epsilon })),
} as const satisfies LayerDefinition<LayerNormSpec>;
