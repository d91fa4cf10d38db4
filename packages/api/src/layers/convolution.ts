import { along } from "../program/primitives/along.js";
import { lengths } from "../program/primitives/lengths.js";
import { rows } from "../program/primitives/rows.js";
import type { Attrs } from "../contract/program.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import { applyOuter, outerActivationNames } from "./activation.js";
import type { LayerDefinition, StatePart } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { paddingModes } from "./padding.js";
import { slid, whyNotSliding } from "./slide.js";
import {
  heldSteps,
  taps,
  timeWindows,
  windowedInfo,
  windowFields,
  type Windows,
  wireWindows,
} from "./windows.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value [batch, time, ...inputShape], or [batch, ...inputShape] without time. */
  input: { kind: "value" },
  /** The input's axes after batch and time; the last are the channels. */
  inputShape: { kind: "shape" },
  /** Channels of the output. */
  filters: { kind: "count" },
  /** Elements that a window has along each axis. */
  kernelSize: { kind: "shape" },
  ...windowFields,
  /**
   * Channels are parted into so many groups, each seen by as many filters of its own; as many as there are
   * channels make a depthwise convolution. Default 1.
   */
  groups: { kind: "count", default: 1 },
  /** What stands in the padding: `zeros`, the default, or what is at the axis's ends. */
  paddingMode: { kind: "oneOf", of: paddingModes, default: "zeros" },
  /** `single`, the default: one bias a filter is added. `none`: there is none. */
  bias: { kind: "oneOf", of: ["none", "single"], default: "single" },
  /** Of the output. Default `linear`. `softmax` and `logSoftmax` act along the last axis. */
  activation: { kind: "oneOf", of: outerActivationNames, default: "linear" },
} as const satisfies Fields;

/**
 * A convolution, semantics rule `convolution`: activation(Σ x·kernel + bias) over windows of time, of
 * features, or of both. Weights: `kernel` [...kernelSize, channels / groups, filters], `bias` [filters]. The
 * state of causal windows is `window` [steps, ...inputShape], the steps that the next ones still see.
 */
export interface ConvolutionSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "convolution";
}

/** Attributes of the composite `convolution`: steps from one window, and one element of it, to the next. */
export interface ConvolutionAttrs extends Attrs {
  /** From one window to the next. */
  readonly stride: number;
  /** From one element of a window to the next. */
  readonly dilation: number;
}

/**
 * Composite `convolution`, along time and of one group. Inputs: x [time, batch, channels], padded already,
 * kernel [size, channels, filters], optionally bias [filters]. Output: y [windows, batch, filters].
 */
export function convolutionComposite(
  block: Block,
  x: Value,
  { kernel, bias }: NamedValues,
  attrs: ConvolutionAttrs,
): Value {
  const windows = [{ size: kernel!.type.shape[0] as number, padding: "valid", ...attrs }] as const;
  return block.composite("convolution", { x, kernel, bias }, attrs, (b, v) => ({
    y: plus(b, convolved(b, v["x"]!, v["kernel"]!, [0], windows, 1), v["bias"]),
  })).y;
}

const plus = (b: Block, y: Value, bias: Value | undefined): Value => (bias ? b.add(y, bias) : y);

/** Σ x·kernel + bias over windows of x, padded already; the composite where it is one. */
function biased(
  b: Block,
  x: Value,
  weights: NamedValues,
  axes: readonly number[],
  windows: readonly Windows[],
  groups: number,
): Value {
  const [{ stride, dilation }] = windows as readonly [Windows];
  if (groups === 1 && axes.join() === "0" && x.type.shape.length === 3)
    return convolutionComposite(b, x, weights, { stride, dilation });
  return plus(b, convolved(b, x, weights["kernel"]!, axes, windows, groups), weights["bias"]);
}

/** Σ over windows of x, padded already, times the kernel [...sizes, channels / groups, filters]. */
function convolved(
  b: Block,
  x: Value,
  kernel: Value,
  axes: readonly number[],
  windows: readonly Windows[],
  groups: number,
): Value {
  const seen = taps(b, x, axes, windows);
  const last = x.type.shape.length - 1;
  const channels = x.type.shape[last] as number;
  const filters = kernel.type.shape[axes.length + 1] as number;
  // [places, channels / groups, filters]
  const flat = b.mergeAxes(kernel, 0, axes.length);
  if (groups === channels && filters === channels)
    return seen
      .map((one, k) => b.mul(one, b.squeeze(b.squeeze(b.slice(flat, 0, k, 1), 0), 0)))
      .reduce((sum, one) => b.add(sum, one));
  if (groups === 1) return b.matmul(b.concat(seen, last), b.mergeAxes(flat, 0, 2));
  return grouped(b, seen, flat, groups);
}

/** As {@link convolved} for several groups: a product for each, with the groups as a leading axis. */
function grouped(b: Block, seen: readonly Value[], flat: Value, groups: number): Value {
  const last = seen[0]!.type.shape.length - 1;
  const [own, filters] = [flat.type.shape[1] as number, flat.type.shape[2] as number];
  const axesOf = (parts: readonly number[], lead: number): Value =>
    b.constant(new Array<number>(parts.reduce((a, c) => a * c)).fill(0), [
      ...new Array<number>(lead).fill(1),
      ...parts,
    ]);
  const like = axesOf([groups, own], last);
  // [..., groups, places x own] -> [groups, ..., places x own]
  const each = b.concat(
    seen.map((one) => b.splitAxis(one, like, last, 2)),
    last + 1,
  );
  const front = b.transpose(each, [last, ...Array.from({ length: last }, (_, k) => k), last + 1]);
  // [places x own, groups, filters / groups] -> [groups, 1, ..., places x own, filters / groups]
  const parted = b.splitAxis(b.mergeAxes(flat, 0, 2), axesOf([groups, filters / groups], 1), 1, 2);
  let kernel = b.transpose(parted, [1, 0, 2]);
  for (let axis = 1; axis < last; axis++) kernel = b.expandDims(kernel, 1);
  const y = b.matmul(front, kernel);
  return b.mergeAxes(
    b.transpose(y, [...Array.from({ length: last }, (_, k) => k + 1), 0, last + 1]),
    last,
    2,
  );
}

const heldParts = (layer: ConvolutionSpec): readonly StatePart[] =>
  heldSteps(layer) > 0
    ? [{ part: "window", shape: [heldSteps(layer), ...layer.inputShape], dtype: "float32" }]
    : [];

const channelsOf = ({ inputShape }: ConvolutionSpec): number => inputShape[inputShape.length - 1]!;

/**
 * A convolution. Defaults: along time, stride and dilation 1, no padding, one group, linear, with bias.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const convolution = (options: OptionsOf<typeof fields>): ConvolutionSpec =>
  layerOf(convolutionDefinition, options);

/** Definition of the convolution layer, for a kit of `@unroll/api/core`. */
export const convolutionDefinition = {
  type: "convolution",
  fields,
  primitives: { ...along, ...lengths, ...rows },
  wire(layer, wiring) {
    const { input, inputShape, groups, filters, paddingMode, padding } = layer;
    const info = wiring.read(input, "input");
    if (info.dtype !== "float32" || info.shape.join() !== inputShape.join())
      wiring.refuse(
        "inputShape",
        `[${info.shape.join(", ")}], the axes of a float32 input after batch and time`,
        inputShape,
        "make the two agree",
      );
    wireWindows(layer, info, wiring);
    if (channelsOf(layer) % groups !== 0 || filters % groups !== 0)
      wiring.refuse(
        "groups",
        `a divisor of the ${channelsOf(layer)} channels and the ${filters} filters`,
        groups,
        "each group has as many channels and filters",
      );
    if (paddingMode !== "zeros" && timeWindows(layer)?.padding === "causal")
      wiring.refuse(
        "paddingMode",
        "zeros for causal padding, whose steps are the state",
        paddingMode,
        `or write padding out in steps, ${JSON.stringify(padding)} as [before, 0]`,
      );
  },
  values: (layer, around) => [
    ["", windowedInfo(layer, around.value(layer.input), layer.filters)],
    ...heldParts(layer).map(
      ({ part, shape }) => [`.${part}`, { dtype: "float32", axis: null, shape }] as const,
    ),
  ],
  weights: (layer) => [
    { name: "kernel", shape: [...layer.kernelSize, channelsOf(layer) / layer.groups, layer.filters] },
    ...(layer.bias === "single" ? [{ name: "bias", shape: [layer.filters] }] : []),
  ],
  state: (layer) => heldParts(layer),
  axis: ({ axis }) => axis,
  stride: (layer) => timeWindows(layer)?.stride ?? 1,
  whyNotSteppable: (layer, around) => whyNotSliding(layer, around),
  lower(layer, scope) {
    const { weights, initial } = scope;
    return slid(layer, scope, layer.paddingMode, initial["window"], (b, { x, axes, windows }) => {
      const y = biased(b, x, weights, axes, windows, layer.groups);
      return applyOuter(b, layer.activation, y);
    });
  },
} as const satisfies LayerDefinition<ConvolutionSpec>;
