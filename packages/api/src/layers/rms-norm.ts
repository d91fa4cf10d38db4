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
  /** Size of the input's last axis. The mean of squares is taken over it. */
  inputSize: { kind: "count" },
  /** Added to the mean of squares. Default 2^-23, PyTorch's for float32; Keras's is 1e-6. */
  epsilon: { kind: "positive", default: 2 ** -23 },
  /** Whether each feature is multiplied by a weight. Default true. */
  scale: { kind: "oneOf", of: [true, false], default: true },
} as const satisfies Fields;

/**
 * Every vector divided by the root of the mean of its squares, semantics rule `rms-norm` (Zhang and Sennrich
 * 2019, arXiv:1910.07467). Weight: `gamma` [inputSize].
 */
export interface RmsNormSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "rmsNorm";
}

/** Composite `rmsNorm` along the last axis. Inputs: x [..., inputSize], optionally gamma [inputSize]. */
export function rmsNormalised(
  block: Block,
  x: Value,
  { gamma }: NamedValues,
  attrs: Attrs & { epsilon: number },
): Value {
  return block.composite("rmsNorm", { x, gamma }, attrs, (b, v) => {
    const axis = x.type.shape.length - 1;
    const size = b.constant(x.type.shape[axis] as number);
    const squares = b.div(b.sum(b.mul(v["x"]!, v["x"]!), axis), size);
    const y = b.div(v["x"]!, b.sqrt(b.add(squares, b.constant(attrs.epsilon))));
    return { y: v["gamma"] ? b.mul(y, v["gamma"]) : y };
  }).y;
}

/**
 * Normalisation of every vector by the root of the mean of its squares. Defaults: epsilon 2^-23, with scale.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const rmsNorm = (options: OptionsOf<typeof fields>): RmsNormSpec =>
  layerOf(rmsNormDefinition, options);

/** Definition of the RMS normalisation layer, for a kit of `@unroll/api/core`. */
export const rmsNormDefinition = {
  type: "rmsNorm",
  fields,
  wire: ({ input, inputSize }, wiring) => wireSize(inputSize, wiring.read(input, "input"), wiring),
  values: ({ input }, around) => [["", around.value(input)]],
  weights: ({ inputSize, scale }) => (scale ? [{ name: "gamma", shape: [inputSize] }] : []),
  lower: ({ input, epsilon }, { b, weights, read }) =>
    only(rmsNormalised(b, read(input), weights, { epsilon })),
} as const satisfies LayerDefinition<RmsNormSpec>;
