import { along } from "../program/primitives/along.js";
import { lengths } from "../program/primitives/lengths.js";
import { rows } from "../program/primitives/rows.js";
import type { Block, Value } from "../program/builder.js";
import type { LayerDefinition, Wiring } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { lengthOnes, stretched, within } from "./real-steps.js";
import { type Padded, paddedFor, slid, whyNotSliding } from "./slide.js";
import {
  padsOf,
  spanOf,
  taps,
  timeWindows,
  windowCount,
  windowedInfo,
  windowFields,
  type Windows,
  windowsOf,
  wireWindows,
} from "./windows.js";
import { wireFloat } from "./wiring.js";

const fields = {
  /** Name of the layer and of its output. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value [batch, time, ..., channels], or [batch, ..., channels] without time. */
  input: { kind: "value" },
  /** What a window gives: its largest element or its mean, of each channel. */
  kind: { kind: "oneOf", of: ["max", "average"] },
  /** Elements that a window has along each axis. */
  kernelSize: { kind: "shape" },
  ...windowFields,
  /** Steps from one window to the next, for each axis. Default the window's size. */
  strides: { kind: "shape", default: ({ kernelSize }: { kernelSize?: readonly number[] }) => kernelSize },
  /** Whether a mean counts padding as zeros (PyTorch), or leaves it out (Keras; the default). */
  countPadding: { kind: "oneOf", of: [true, false], default: false },
} as const satisfies Fields;

/** The largest or the mean element of windows, semantics rule `pool`. Padding is never the largest. */
export interface PoolSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "pool";
}

/** Checks that every window has an element that is no padding. @throws UNROLL_SPEC */
function wirePadding(layer: PoolSpec, wiring: Wiring): void {
  const refuse = (expected: string, cure: string): never =>
    wiring.refuse("padding", expected, layer.padding, cure);
  for (const one of windowsOf(layer)) {
    const [span, pads] = [spanOf(one), padsOf(one, null)];
    if (one.padding === "causal") refuse("valid, same or [before, after]", "a pool has no state to stand in");
    if (pads?.some((count) => count > span))
      refuse(`at most ${span}, so that no window is all padding`, "pad less");
    if (one.dilation > 1 && (pads === null || pads.some((count) => count > 0)))
      refuse("valid, with a dilation", "a window could be all padding");
  }
}

/** How many elements of each window are no padding, [time, batch, ...] or what stretches to it. */
function counts(b: Block, layer: PoolSpec, { rows: moved }: Padded, given: Value): Value {
  const [time, windows] = [timeWindows(layer), windowsOf(layer)];
  const inner = time === null ? windows : windows.slice(1);
  const axes = given.type.shape.length;
  let count = b.constant(1);
  inner.forEach((one, k) => {
    const numbers = featureCounts(one, given.type.shape[k + 2] as number);
    const shape = [numbers.length, ...new Array<number>(axes - k - 3).fill(1)];
    count = b.mul(count, b.constant(numbers, shape));
  });
  if (time === null) return count;
  const { lengths: ends } = moved;
  const real = ends ? b.cast(within(b, given, ends), "float32") : lengthOnes(b, given);
  const along = { ...layer, over: "time", kernelSize: layer.kernelSize.slice(0, 1) } as const;
  const ready = paddedFor(b, along, real, ends ? { lengths: ends } : {}, "zeros", undefined);
  const sum = added(b, taps(b, ready.x, ready.axes, ready.windows));
  return b.mul(stretched(b, sum, axes), count);
}

function featureCounts(one: Windows, length: number): number[] {
  const [before] = padsOf(one, length)!;
  return Array.from({ length: windowCount(one, length) }, (_, k) => {
    const places = Array.from(
      { length: one.size },
      (_unused, p) => k * one.stride + p * one.dilation - before,
    );
    return places.filter((place) => place >= 0 && place < length).length;
  });
}

const added = (b: Block, values: readonly Value[]): Value => values.reduce((sum, one) => b.add(sum, one));

/**
 * Pooling. Defaults: along time, windows side by side, no padding.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const pool = (options: OptionsOf<typeof fields>): PoolSpec => layerOf(poolDefinition, options);

/** Definition of the pooling layer, for a kit of `@unroll/api/core`. */
export const poolDefinition = {
  type: "pool",
  fields,
  primitives: { ...along, ...lengths, ...rows },
  wire(layer, wiring) {
    wireWindows(layer, wireFloat(layer.input, wiring), wiring);
    wirePadding(layer, wiring);
    if (layer.kind === "max" && layer.countPadding)
      wiring.refuse("countPadding", "false for max", true, "padding is never the largest");
  },
  values(layer, around) {
    const info = around.value(layer.input);
    return [["", windowedInfo(layer, info, info.shape[info.shape.length - 1]!)]];
  },
  axis: ({ axis }) => axis,
  stride: (layer) => timeWindows(layer)?.stride ?? 1,
  whyNotSteppable: (layer, around) => whyNotSliding(layer, around),
  lower(layer, scope) {
    if (layer.kind === "max")
      return slid(layer, scope, "edges", undefined, (b, { x, axes, windows }) =>
        taps(b, x, axes, windows).reduce((most, one) => b.max(most, one)),
      );
    return slid(layer, scope, "zeros", undefined, (b, ready, given) => {
      const sum = added(b, taps(b, ready.x, ready.axes, ready.windows));
      const elements = layer.kernelSize.reduce((a, c) => a * c, 1);
      return b.div(sum, layer.countPadding ? b.constant(elements) : counts(b, layer, ready, given));
    });
  },
} as const satisfies LayerDefinition<PoolSpec>;
