import type { Block, NamedValues, Value } from "../program/builder.js";
import { lengths } from "../program/primitives/lengths.js";
import { type LayerDefinition, only } from "./definition.js";
import { joinAxes, leadingAxes, partAxis } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { wireSize } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value whose last axis is `inputSize`. */
  input: { kind: "value" },
  /** Size of the input's last axis, a multiple of `groups`. */
  inputSize: { kind: "count" },
  /** How many groups of neighbours the last axis has; 1 normalises over all features. */
  groups: { kind: "count" },
  /** Added to the variance. Default 1e-5, PyTorch's; Keras's is 1e-3. */
  epsilon: { kind: "positive", default: 1e-5 },
  /** Whether each feature of the last axis is multiplied by a weight. Default true. */
  scale: { kind: "oneOf", of: [true, false], default: true },
  /** Whether each feature of the last axis has a weight added. Default true. */
  center: { kind: "oneOf", of: [true, false], default: true },
} as const satisfies Fields;

/**
 * Normalisation of each group of features within one step, semantics rule `group-norm` (Wu and He 2018,
 * arXiv:1803.08494): over the features of a group and over every feature axis before the last, and never over
 * time. Weights: `gamma` [inputSize], `beta` [inputSize].
 */
export interface GroupNormSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "groupNorm";
}

/** x [..., places, size], normalised over the places and each group of the last axis. */
function grouped(b: Block, x: Value, { gamma, beta }: NamedValues, groups: number, epsilon: number): Value {
  const last = x.type.shape.length - 1;
  const [places, size] = x.type.shape.slice(-2) as [number, number];
  const parted = partAxis(b, x, last, [groups, size / groups]);
  const axes = [last - 1, last + 1];
  const count = b.constant((places * size) / groups);
  const centred = b.sub(parted, b.div(b.sum(parted, axes), count));
  const variance = b.div(b.sum(b.mul(centred, centred), axes), count);
  const y = b.mergeAxes(b.div(centred, b.sqrt(b.add(variance, b.constant(epsilon)))), last, 2);
  const scaled = gamma ? b.mul(y, gamma) : y;
  return beta ? b.add(scaled, beta) : scaled;
}

/**
 * Normalisation of each group of features within one step. Defaults: epsilon 1e-5, with scale and centre.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const groupNorm = (options: OptionsOf<typeof fields>): GroupNormSpec =>
  layerOf(groupNormDefinition, options);

/** Definition of the group normalisation layer, for a kit of `@unroll/api/core`. */
export const groupNormDefinition = {
  type: "groupNorm",
  fields,
  primitives: lengths,
  wire({ input, inputSize, groups }, wiring) {
    wireSize(inputSize, wiring.read(input, "input"), wiring);
    if (inputSize % groups !== 0)
      wiring.refuse("groups", `a divisor of ${inputSize}, the size`, groups, "groups are of one size");
  },
  values: ({ input }, around) => [["", around.value(input)]],
  weights: ({ inputSize, scale, center }) => [
    ...(scale ? [{ name: "gamma", shape: [inputSize] }] : []),
    ...(center ? [{ name: "beta", shape: [inputSize] }] : []),
  ],
  lower({ input, groups, epsilon }, { b, weights, read, value }) {
    const [given, { shape }] = [read(input), value(input)];
    // Steps and rows as one axis: with that of the groups there would be five, which not every engine has.
    const whole = leadingAxes(given, { shape }) === 2;
    const x = whole ? b.mergeAxes(given, 0, 2) : given;
    const lead = 1;
    const apart = (y: Value): Value => (whole ? b.splitAxis(y, given, 0, 2) : y);
    const placed =
      shape.length === 1 ? b.expandDims(x, lead) : joinAxes(b, x, lead, Math.max(1, shape.length - 1));
    const y = grouped(b, placed, weights, groups, epsilon);
    if (shape.length === 1) return only(apart(b.squeeze(y, lead)));
    return only(apart(shape.length === 2 ? y : partAxis(b, y, lead, shape.slice(0, -1))));
  },
} as const satisfies LayerDefinition<GroupNormSpec>;
