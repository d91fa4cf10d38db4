import { unrollError } from "../contract/error.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import type { LayerScope, Lowered, Surroundings } from "./definition.js";
import type { ValueRef } from "./fields.js";
import { padded, type PaddingMode } from "./padding.js";
import {
  atSteps,
  cleared,
  type Compacted,
  compacted,
  endOf,
  lengthOf,
  prolonged,
  swapped,
} from "./real-steps.js";
import { STEPS } from "./value-info.js";
import {
  heldSteps,
  keepsLength,
  padsOf,
  spanOf,
  timeWindows,
  type Windowed,
  type Windows,
  windowsOf,
} from "./windows.js";

/**
 * What stands in the padding: as the mode says, or what is at the ends of each row, which is never the
 * largest of a window that has more.
 */
export type Filling = PaddingMode | "edges";

/** What windows are to see: every axis padded, and rows moved together. */
export interface Padded {
  /** [time, batch, ..., channels] */
  readonly x: Value;
  /** Number of each axis that windows move along. */
  readonly axes: readonly number[];
  /** Windows along each of these. */
  readonly windows: readonly Windows[];
  /** The input's real steps. */
  readonly rows: Compacted;
  /** How many windows each row has, int32 [batch]; absent where all have as many. */
  readonly lengths?: Value | undefined;
  /** The steps that the next piece of the sequence needs, [batch, steps, ..., channels]. */
  readonly held?: Value | undefined;
}

/**
 * Pads x [time, batch, ..., channels].
 *
 * @param extent `lengths` or `mask` of time, or neither
 * @param held steps before the first, [batch, steps, ..., channels]; of causal windows
 * @throws UNROLL_UNSUPPORTED for what is mirrored or repeated at ends that differ from row to row
 */
export function paddedFor(
  b: Block,
  of: Windowed & { readonly name: string },
  x: Value,
  extent: NamedValues,
  filling: Filling,
  held: Value | undefined,
): Padded {
  const mode = filling === "edges" ? "replicate" : filling;
  const windows = windowsOf(of);
  const time = timeWindows(of);
  const inner = time === null ? windows : windows.slice(1);
  const axes = [...(time === null ? [] : [0]), ...inner.map((_, k) => k + 2)];
  // What moves along features alone sees each step by itself, real or not.
  const rows = compacted(b, x, time === null ? {} : extent);
  const steps = filling === "edges" && rows.lengths ? prolonged(b, rows.x, rows.lengths) : rows.x;
  const wide = inner.reduce((value, one, k) => {
    const pads = padsOf(one, x.type.shape[k + 2] as number)!;
    return padded(b, value, k + 2, pads, mode);
  }, steps);
  if (time === null) return { x: wide, axes, windows, rows };
  if (
    rows.lengths &&
    filling === mode &&
    mode !== "zeros" &&
    padsOf(time, null)?.some((count) => count > 0) !== false
  )
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `layer "${of.name}"`,
      expected: "zeros in the padding, where rows end early",
      got: mode,
      cure: 'run rows of one length together, or say maskedSteps: "ignore"',
      details: { layer: of.name },
    });
  const lengths = rows.lengths && windowCounts(b, time, rows.lengths);
  const count = heldSteps(of);
  if (count > 0) {
    const all = b.concat([swapped(b, padFeatures(b, held!, inner, mode)), wide], 0);
    return {
      x: all,
      axes,
      windows,
      rows,
      lengths,
      held: swapped(b, endOf(b, joined(b, held!, rows.x), count, rows.lengths)),
    };
  }
  const pads = padsOf(time, null);
  return {
    x: pads ? padded(b, wide, 0, pads, mode) : strided(b, wide, time, rows, mode),
    axes,
    windows,
    rows,
    lengths,
  };
}

const joined = (b: Block, held: Value, x: Value): Value => b.concat([swapped(b, held), x], 0);

/** A state [batch, steps, ...] with its features padded as those of the sequence are. */
const padFeatures = (b: Block, held: Value, inner: readonly Windows[], mode: PaddingMode): Value =>
  inner.reduce(
    (value, one, k) => padded(b, value, k + 2, padsOf(one, held.type.shape[k + 2] as number)!, mode),
    held,
  );

/** ⌊(length + pads - span - 1) / stride⌋ + 1, at least 0, of int32 lengths [batch]. */
function windowCounts(b: Block, of: Windows, lengths: Value): Value {
  if (keepsLength(of)) return lengths;
  const pads = padsOf(of, null);
  const more = pads === null ? -1 : pads[0] + pads[1] - spanOf(of) - 1;
  return b.max(
    b.cast(b.add(steppedDown(b, b.cast(lengths, "float32"), more, of.stride), b.constant(1)), "int32"),
    b.constant(0, [], "int32"),
  );
}

/** ⌊(x + more) / stride⌋ of whole numbers; half a step is added so that no rounding of a quotient matters. */
const steppedDown = (b: Block, x: Value, more: number, stride: number): Value => {
  const sum = b.add(x, b.constant(more));
  return stride === 1 ? sum : b.floor(b.div(b.add(sum, b.constant(0.5)), b.constant(stride)));
};

/**
 * Padding of `same` with a stride, which follows from each row's length: as many steps more as a window
 * spans, of which the windows with the stride see those they need.
 */
function strided(b: Block, x: Value, of: Windows, { lengths }: Compacted, mode: PaddingMode): Value {
  const [span, { stride }] = [spanOf(of), of];
  if (span === 0) return x;
  // [batch] or []
  const length = b.cast(lengths ?? lengthOf(b, x, 0), "float32");
  const last = b.mul(steppedDown(b, length, -1, stride), b.constant(stride));
  const total = b.max(b.add(b.sub(last, length), b.constant(span + 1)), b.constant(0));
  const before = b.cast(b.floor(b.mul(total, b.constant(0.5))), "int32");
  const wide = padded(b, x, 0, [span, span], mode);
  const steps = b.add(b.iota(padded(b, x, 0, [0, span], "zeros"), 0), b.constant(span, [], "int32"));
  if (!lengths) return b.gather(wide, b.sub(steps, before));
  return atSteps(b, wide, b.sub(b.expandDims(steps, 1), b.expandDims(before, 0)));
}

/** The output of windows [time, batch, ...]: put where its steps are, or zeros past each row's end. */
export function placed(b: Block, y: Value, of: Windowed, { rows, lengths }: Padded): Value {
  if (!lengths) return y;
  return keepsLength(timeWindows(of)!) ? rows.restore(y) : cleared(b, y, lengths);
}

/** A layer with windows. */
interface SlidingLayer extends Windowed {
  readonly name: string;
  readonly input: ValueRef;
}

/**
 * What a layer with windows is lowered to.
 *
 * @param held its state before, of causal windows
 * @param compute makes of what is padded the output of each window, [time, batch, ...]
 */
export function slid(
  layer: SlidingLayer,
  scope: LayerScope,
  mode: Filling,
  held: Value | undefined,
  compute: (b: Block, ready: Padded, x: Value) => Value,
): Lowered {
  const { b, stepping } = scope;
  const { axis } = scope.value(layer.input);
  const lone = axis === null || (stepping && axis === STEPS);
  const given = scope.read(layer.input);
  const extent = lone || layer.maskedSteps === "ignore" ? {} : scope.extent(axis);
  const x = lone ? b.expandDims(given, 0) : given;
  const ready = paddedFor(b, layer, x, extent, mode, held);
  const y = placed(b, compute(b, ready, x), layer, ready);
  const state = ready.held ? { window: ready.held } : {};
  return {
    outputs: { "": lone ? b.squeeze(y, 0) : y },
    state,
    ...(layer.axis !== null &&
      ready.lengths && { extent: [layer.axis, { lengths: ready.lengths }] as const }),
  };
}

/** Why a layer with windows can't be stepped; null where it can. */
export function whyNotSliding(layer: SlidingLayer, around: Surroundings): string | null {
  const time = timeWindows(layer);
  const { axis } = around.value(layer.input);
  const is = `layer "${layer.name}"`;
  // What is made of another axis is there as a whole, which no step is.
  if (layer.axis === STEPS) return `${is} has all of "${STEPS}" at once; name its axis otherwise`;
  if (time === null || (axis !== STEPS && heldSteps(layer) === 0)) return null;
  if (axis !== STEPS) return `${is} runs along "${axis}", which is there as a whole`;
  if (time.stride > 1) return `${is} gives one step for ${time.stride} of its input`;
  const pads = padsOf(time, null)!;
  return pads[0] === spanOf(time) && pads[1] === 0 && (time.padding === "causal" || spanOf(time) === 0)
    ? null
    : `${is} sees steps after its own, or knows none before the first; causal padding does not`;
}
