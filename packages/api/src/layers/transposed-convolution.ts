import type { Block, Value } from "../program/builder.js";
import { applyOuter, outerActivationNames } from "./activation.js";
import type { LayerDefinition } from "./definition.js";
import { partAxis, whole } from "./feature-axes.js";
import { type Fields, type FilledOf, type OptionsOf, type OwnField, refuseSpec } from "./fields.js";
import { layerOf } from "./fill.js";
import { ownTimeFields, ownTimePrimitives, plus, remade, whyNotRemade, wireOwnTime } from "./own-time.js";
import { wireSequence, wireSize } from "./wiring.js";

/** Steps that are dropped at one end: far above what models need. */
const MOST_DROPPED = 2 ** 20;

/** Elements of a kernel, each of which is an operation of the program. */
const MOST_SEEN = 2 ** 12;

/** Steps dropped before the first and after the last. */
type Ends = readonly [before: number, after: number];

const ends: OwnField<Ends> = {
  kind: "own",
  check(value, path) {
    const counts = (one: unknown): boolean =>
      Number.isInteger(one) && (one as number) >= 0 && (one as number) <= MOST_DROPPED;
    if (!Array.isArray(value) || value.length !== 2 || !counts(value[0]) || !counts(value[1]))
      refuseSpec(
        path,
        `[before, after], whole numbers from 0 to ${MOST_DROPPED}`,
        value,
        "padding is counted in steps of the output",
      );
  },
};

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 sequence, [batch, time, inputSize]. */
  input: { kind: "value" },
  /** Channels of the input. */
  inputSize: { kind: "count" },
  /** Channels of the output. */
  filters: { kind: "count" },
  /** Steps of the output that one of the input reaches, but for the dilation. */
  kernelSize: { kind: "count", most: MOST_SEEN },
  /** Steps of the output from where one of the input begins to where the next does. Default 1. */
  stride: { kind: "count", default: 1, most: MOST_DROPPED },
  /** Steps of the output from one element of the kernel to the next. Default 1. */
  dilation: { kind: "count", default: 1, most: MOST_DROPPED },
  /** Steps of the whole output that are dropped, [before, after]. Default none. */
  padding: { ...ends, default: [0, 0] },
  /** Steps more at the end, where only the bias is if nothing of `padding` is left there. Default 0. */
  outputPadding: { ...whole, default: 0 },
  /**
   * Channels are parted into so many groups, each of which makes as many filters of its own. Default 1.
   */
  groups: { kind: "count", default: 1 },
  ...ownTimeFields,
  /** `single`, the default: one bias a filter is added. `none`: there is none. */
  bias: { kind: "oneOf", of: ["none", "single"], default: "single" },
  /** Of the output. Default `linear`. `softmax` and `logSoftmax` act along the last axis. */
  activation: { kind: "oneOf", of: outerActivationNames, default: "linear" },
} as const satisfies Fields;

/**
 * A transposed convolution over time, semantics rule `transposed-convolution`: what each step is worth by the
 * kernel, laid into the output every `stride` steps, and added where it overlaps. Weights: `kernel`
 * [kernelSize, inputSize, filters / groups], `bias` [filters].
 */
export interface TransposedConvolutionSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "transposedConvolution";
}

/**
 * A transposed convolution over time. Defaults: stride and dilation 1, all of the output, one group, linear,
 * with bias; where the output is not as long as the input its time `axis` has to be named.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const transposedConvolution = (options: OptionsOf<typeof fields>): TransposedConvolutionSpec =>
  layerOf(transposedConvolutionDefinition, options);

/** Steps that one step reaches beside its first. */
const spanOf = ({ kernelSize, dilation }: TransposedConvolutionSpec): number => (kernelSize - 1) * dilation;

/** How many steps the output has beside `stride` for each step of the input. */
const moreOf = (layer: TransposedConvolutionSpec): number => {
  const [before, after] = layer.padding;
  return spanOf(layer) + 1 - layer.stride - before - after + layer.outputPadding;
};

/** Each step of x [time, batch, inputSize] by each element of the kernel, [time, batch, filters]. */
function products(
  b: Block,
  x: Value,
  kernel: Value,
  { kernelSize, inputSize, filters, groups }: TransposedConvolutionSpec,
): readonly Value[] {
  const [own, each] = [inputSize / groups, filters / groups];
  // [kernelSize, inputSize, each] -> [inputSize, kernelSize x each]
  const flat = b.mergeAxes(b.transpose(kernel, [1, 0, 2]), 1, 2);
  const tap = (of: Value, k: number): Value => b.slice(of, of.type.shape.length - 1, k * each, each);
  const places = Array.from({ length: kernelSize }, (_, k) => k);
  if (groups === 1) {
    const all = b.matmul(x, flat);
    return places.map((k) => tap(all, k));
  }
  // A product for each group, with the groups as a leading axis.
  const front = b.transpose(partAxis(b, x, 2, [groups, own]), [2, 0, 1, 3]);
  const all = b.matmul(front, b.expandDims(partAxis(b, flat, 0, [groups, own]), 1));
  return places.map((k) => b.mergeAxes(b.transpose(tap(all, k), [1, 2, 0, 3]), 2, 2));
}

/** y [time, batch, ...] with zeros after each step: `stride` steps for each. */
const spread = (b: Block, y: Value, stride: number): Value =>
  stride === 1 ? y : b.mergeAxes(b.pad(b.expandDims(y, 1), 1, 0, stride - 1), 0, 2);

/** The products laid into the output and added, without the steps that are dropped. */
function laid(b: Block, values: readonly Value[], layer: TransposedConvolutionSpec): Value {
  const { stride, dilation, padding, outputPadding } = layer;
  const span = spanOf(layer);
  const sum = values
    .map((value, k) => {
      const [low, high] = [k * dilation, span - k * dilation];
      const apart = spread(b, value, stride);
      return low + high === 0 ? apart : b.pad(apart, 0, low, high);
    })
    .reduce((a, c) => b.add(a, c));
  // After the last step there are as many zeros as after every other.
  const [before, after] = [padding[0], padding[1] - outputPadding + stride - 1];
  const long = after < 0 ? b.pad(sum, 0, 0, -after) : sum;
  return before === 0 && after <= 0 ? long : b.stride(long, 0, before, Math.max(after, 0));
}

/** Definition of the transposed convolution, for a kit of `@unroll/api/core`. */
export const transposedConvolutionDefinition = {
  type: "transposedConvolution",
  fields,
  primitives: ownTimePrimitives,
  wire(layer, wiring) {
    const { input, inputSize, filters, groups, axis, stride } = layer;
    const info = wireSequence(input, wiring);
    wireSize(inputSize, info, wiring);
    if (info.shape.length !== 1)
      wiring.refuse("input", "a sequence [batch, time, channels]", input, "reshape joins its feature axes");
    if (inputSize % groups !== 0 || filters % groups !== 0)
      wiring.refuse(
        "groups",
        `a divisor of the ${inputSize} channels and the ${filters} filters`,
        groups,
        "each group has as many channels and filters",
      );
    const keeps = "with a stride of 1 it is where padding drops what the kernel adds";
    wireOwnTime(axis, stride !== 1 || moreOf(layer) !== 0, keeps, wiring);
  },
  values({ input, filters, axis }, around) {
    const info = around.value(input);
    return [["", { ...info, axis: axis ?? info.axis, shape: [filters] }]];
  },
  weights: ({ kernelSize, inputSize, filters, groups, bias }) => [
    { name: "kernel", shape: [kernelSize, inputSize, filters / groups] },
    ...(bias === "single" ? [{ name: "bias", shape: [filters] }] : []),
  ],
  axis: ({ axis }) => axis,
  whyNotSteppable(layer, around) {
    const reason =
      layer.stride === 1
        ? "lays one step into several; a causal convolution of the kernel turned around sees them instead"
        : `gives ${layer.stride} steps for each of its input; step what comes after it as often yourself`;
    return whyNotRemade(layer, [layer.input], around, reason, true);
  },
  lower(layer, scope) {
    const { kernel, bias } = scope.weights;
    return remade(
      layer,
      scope,
      (b, x) => {
        const y = laid(b, products(b, x, kernel!, layer), layer);
        return applyOuter(b, layer.activation, bias ? b.add(y, bias) : y);
      },
      (b, lengths) => {
        const none = b.constant(0, [], "int32");
        const all = b.mul(lengths, b.constant(layer.stride, [], "int32"));
        // A row without a step is no output, whatever the kernel would add to one.
        return b.select(b.less(none, lengths), b.max(plus(b, all, moreOf(layer)), none), none);
      },
    );
  },
} as const satisfies LayerDefinition<TransposedConvolutionSpec>;
