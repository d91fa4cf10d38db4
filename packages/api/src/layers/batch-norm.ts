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
  /** Size of the input's last axis. Each of its features has statistics of its own. */
  inputSize: { kind: "count" },
  /** Added to the variance. Default 1e-5, PyTorch's; Keras's is 1e-3. */
  epsilon: { kind: "positive", default: 1e-5 },
  /** Whether each feature is multiplied by a weight. Default true. */
  scale: { kind: "oneOf", of: [true, false], default: true },
  /** Whether each feature has a weight added. Default true. */
  center: { kind: "oneOf", of: [true, false], default: true },
} as const satisfies Fields;

/**
 * Normalisation of every feature by the mean and variance that training has gathered, semantics rule
 * `batch-norm` (Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 2). No other step or row matters, so it
 * can be stepped. Weights: `gamma` [inputSize], `beta` [inputSize], `movingMean` [inputSize],
 * `movingVariance` [inputSize].
 */
export interface BatchNormSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "batchNorm";
}

/**
 * Composite `batchNorm` along the last axis. Inputs: x [..., inputSize], movingMean and movingVariance
 * [inputSize], optionally gamma and beta [inputSize].
 */
export function batchNormalised(
  block: Block,
  x: Value,
  weights: NamedValues,
  attrs: Attrs & { epsilon: number },
): Value {
  const { movingMean, movingVariance, gamma, beta } = weights;
  return block.composite("batchNorm", { x, movingMean, movingVariance, gamma, beta }, attrs, (b, v) => {
    const deviation = b.sqrt(b.add(v["movingVariance"]!, b.constant(attrs.epsilon)));
    const y = b.div(b.sub(v["x"]!, v["movingMean"]!), deviation);
    const scaled = v["gamma"] ? b.mul(y, v["gamma"]) : y;
    return { y: v["beta"] ? b.add(scaled, v["beta"]) : scaled };
  }).y;
}

/**
 * Normalisation of every feature by statistics that training has gathered. Defaults: epsilon 1e-5, with scale
 * and centre.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const batchNorm = (options: OptionsOf<typeof fields>): BatchNormSpec =>
  layerOf(batchNormDefinition, options);

/** Definition of the batch normalisation layer, for a kit of `@unroll/api/core`. */
export const batchNormDefinition = {
  type: "batchNorm",
  fields,
  wire: ({ input, inputSize }, wiring) => wireSize(inputSize, wiring.read(input, "input"), wiring),
  values: ({ input }, around) => [["", around.value(input)]],
  weights: ({ inputSize, scale, center }) => [
    ...(scale ? [{ name: "gamma", shape: [inputSize] }] : []),
    ...(center ? [{ name: "beta", shape: [inputSize] }] : []),
    { name: "movingMean", shape: [inputSize] },
    { name: "movingVariance", shape: [inputSize] },
  ],
  lower: ({ input, epsilon }, { b, weights, read }) =>
    only(batchNormalised(b, read(input), weights, { epsilon })),
} as const satisfies LayerDefinition<BatchNormSpec>;
