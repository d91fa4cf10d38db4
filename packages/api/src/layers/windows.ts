import type { Block, Value } from "../program/builder.js";
import type { Wiring } from "./definition.js";
import { type Field, type OwnField, refuseSpec } from "./fields.js";
import type { ValueInfo } from "./value-info.js";

/** Along which axes windows move: time, the axes between time and channels, or both. */
export type WindowAxes = "time" | "features" | "timeAndFeatures";

/** A rule that says how much padding an axis gets. */
export type PaddingRule = "valid" | "same" | "causal";

/** How one axis is padded: by a rule, or by so many steps before and after. */
export type AxisPadding = PaddingRule | readonly [before: number, after: number];

/** One rule for every axis, or what each axis gets, in the order of the sizes. */
export type WindowPadding = PaddingRule | readonly AxisPadding[];

const rules: readonly unknown[] = ["valid", "same", "causal"];

const isCount = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST;

/** Steps of padding at one end: far above what models need. */
const MOST = 2 ** 20;

/** @internal Elements of a window, each of which is an operation of the program. */
export const MOST_SEEN = 2 ** 12;

function checkPadding(value: unknown, path: string): void {
  if (rules.includes(value)) return;
  const cure = "or one of them for each axis, as a list";
  if (!Array.isArray(value)) refuseSpec(path, "valid, same, causal or a list", value, cure);
  for (let k = 0; k < value.length; k++) {
    const one: unknown = value[k];
    const pair = Array.isArray(one) && one.length === 2 && one.every(isCount);
    if (!pair && !rules.includes(one))
      refuseSpec(
        `${path}[${k}]`,
        "valid, same, causal or [before, after]",
        one,
        "padding is counted in steps",
      );
  }
}

/** @internal Fields that layers with windows share. */
export const windowFields = {
  /**
   * Which axes windows move along: `time` (the default), the axes of `inputShape` before its last,
   * `features`, at each step by themselves, or both, `timeAndFeatures`.
   */
  over: { kind: "oneOf", of: ["time", "features", "timeAndFeatures"], default: "time" },
  /** Steps from one window to the next, for each axis. Default 1 everywhere. */
  strides: { kind: "shape", default: ({ kernelSize }: Sized) => kernelSize?.map(() => 1) },
  /** Steps from one element of a window to the next, for each axis. Default 1 everywhere. */
  dilations: { kind: "shape", default: ({ kernelSize }: Sized) => kernelSize?.map(() => 1) },
  /**
   * What is added at the ends. `valid`, the default: nothing. `same`: as much as makes the output as long as
   * the input, divided by the stride and rounded up, the odd one after. `causal`, of time alone: as much
   * before as makes each output see its own step and those before it; it is the state, so that a sequence
   * may be fed in pieces. Or [before, after] for each axis.
   */
  padding: { kind: "own", check: checkPadding, default: "valid" } as OwnField<WindowPadding> & {
    readonly default: unknown;
  },
  /**
   * Name of the output's time axis where it is not as long as the input's, in which case it has to be given;
   * null, the default, where it is.
   */
  axis: { kind: "axis", nullable: true, default: null },
  /**
   * Steps that are masked or past a row's length. `skip`, the default: they are not there, and outputs at
   * them are zeros. `ignore`: every step is real to the layer (Keras, whose convolutions see no masks).
   */
  maskedSteps: { kind: "oneOf", of: ["skip", "ignore"], default: "skip" },
} as const satisfies Readonly<Record<string, Field>>;

/** What the usual strides and dilations follow from. */
export interface Sized {
  readonly kernelSize?: readonly number[];
}

/** What a layer with windows holds of them. */
export interface Windowed {
  readonly over: WindowAxes;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: WindowPadding;
  readonly axis: string | null;
  readonly maskedSteps: "skip" | "ignore";
}

/** Windows along one axis. */
export interface Windows {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: AxisPadding;
}

/** Windows along each axis, in order. */
export const windowsOf = ({ kernelSize, strides, dilations, padding }: Windowed): readonly Windows[] =>
  kernelSize.map((size, k) => ({
    size,
    stride: strides[k]!,
    dilation: dilations[k]!,
    padding: typeof padding === "string" ? padding : padding[k]!,
  }));

/** Windows along time; null where they move along features alone. */
export const timeWindows = (of: Windowed): Windows | null =>
  of.over === "features" ? null : windowsOf(of)[0]!;

/** Steps that a window sees beside its first. */
export const spanOf = ({ size, dilation }: Windows): number => (size - 1) * dilation;

/**
 * Steps added before and after an axis of so many; null where that depends on a length which is not known:
 * `same` with a stride, whose total is (⌈n / stride⌉ - 1)·stride + span + 1 - n where that is above 0.
 */
export function padsOf(of: Windows, length: number | null): readonly [before: number, after: number] | null {
  const { padding, stride } = of;
  const span = spanOf(of);
  if (typeof padding !== "string") return padding;
  if (padding === "valid") return [0, 0];
  if (padding === "causal") return [span, 0];
  if (stride !== 1 && length === null) return null;
  const total =
    stride === 1 ? span : Math.max((Math.ceil(length! / stride) - 1) * stride + span + 1 - length!, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** How many windows an axis of a known length has; below 1 where none fits. */
export function windowCount(of: Windows, length: number): number {
  const [before, after] = padsOf(of, length)!;
  return Math.floor((length + before + after - spanOf(of) - 1) / of.stride) + 1;
}

/** Whether every step has a window, and no other. */
export function keepsLength(of: Windows): boolean {
  const pads = padsOf(of, null);
  return of.stride === 1 && pads !== null && pads[0] + pads[1] === spanOf(of);
}

/** Steps before its own that a window along time sees and a state holds; 0 where it has none. */
export const heldSteps = (of: Windowed): number => {
  const time = timeWindows(of);
  return time?.padding === "causal" ? spanOf(time) : 0;
};

/** The output's form but for its channels, of a layer whose wiring is right. */
export function windowedInfo(of: Windowed, info: ValueInfo, channels: number): ValueInfo {
  const windows = windowsOf(of);
  const inner = of.over === "time" ? [] : of.over === "features" ? windows : windows.slice(1);
  const sizes = info.shape.slice(0, -1).map((size, k) => (inner[k] ? windowCount(inner[k], size) : size));
  const time = timeWindows(of);
  const axis = time === null || keepsLength(time) ? info.axis : of.axis;
  return { dtype: "float32", axis, shape: [...sizes, channels] };
}

/** Checks what windows are said to move along. @throws UNROLL_SPEC */
export function wireWindows(of: Windowed, info: ValueInfo, wiring: Wiring): void {
  const { over, kernelSize, strides, dilations, padding, axis } = of;
  const features = info.shape.length - 1;
  if (features < 0) wiring.refuse("input", "a value with channels", "none", "give the input a shape");
  if (over !== "features" && info.axis === null)
    wiring.refuse("over", "features, as the input has no time axis", over, "or read a sequence");
  const axes = over === "time" ? 1 : over === "features" ? features : features + 1;
  if (kernelSize.length !== axes || axes === 0)
    wiring.refuse(
      "kernelSize",
      axes === 0 ? "an axis to move along" : `${axes} sizes, one for each axis of "${over}"`,
      kernelSize,
      `the input has ${features} axes between time and channels`,
    );
  if (kernelSize.reduce((elements, size) => elements * size, 1) > MOST_SEEN)
    wiring.refuse(
      "kernelSize",
      `a window of at most ${MOST_SEEN} elements`,
      kernelSize,
      "reduceTime and reduce are over all there is",
    );
  for (const [key, list] of Object.entries({ strides, dilations }))
    if (list.length !== axes)
      wiring.refuse(key, `${axes} numbers, one for each axis`, list, "leave it out for 1 everywhere");
  if (typeof padding !== "string" && padding.length !== axes)
    wiring.refuse("padding", `${axes} entries, one for each axis`, padding, "or one rule for all of them");
  const windows = windowsOf(of);
  windows.forEach((one, k) => {
    const time = over !== "features" && k === 0;
    if (one.padding === "causal" && !time)
      wiring.refuse(
        "padding",
        "causal along time alone",
        padding,
        'give each axis its own, ["causal", "same"]',
      );
    if (time) return;
    const length = info.shape[over === "features" ? k : k - 1]!;
    if (windowCount(one, length) < 1)
      wiring.refuse(
        "kernelSize",
        `a window that fits into ${length}`,
        kernelSize,
        "pad, or take smaller ones",
      );
  });
  const changes = over !== "features" && !keepsLength(windows[0]!);
  if (changes && axis === null)
    wiring.refuse(
      "axis",
      "a name for the output's time axis, which is not as long as the input's",
      axis,
      'e.g. "frames"; padding causal or same with a stride of 1 keeps the length',
    );
  if (!changes && axis !== null)
    wiring.refuse("axis", "null, as the output is as long as the input", axis, "leave it out");
}

/** Every window's elements at one place of the window: x thinned out along each of the axes. */
function tap(
  b: Block,
  x: Value,
  axes: readonly number[],
  windows: readonly Windows[],
  place: readonly number[],
): Value {
  return axes.reduce((value, axis, k) => {
    const { stride, dilation } = windows[k]!;
    const before = place[k]! * dilation;
    const after = spanOf(windows[k]!) - before;
    return before === 0 && after === 0 && stride === 1 ? value : b.stride(value, axis, before, after, stride);
  }, x);
}

/** An element of each window of x, padded already: for each place in a window, the last axis fastest. */
export function taps(
  b: Block,
  x: Value,
  axes: readonly number[],
  windows: readonly Windows[],
): readonly Value[] {
  const places = windows.reduce<readonly (readonly number[])[]>(
    (all, { size }) => all.flatMap((place) => Array.from({ length: size }, (_, k) => [...place, k])),
    [[]],
  );
  return places.map((place) => tap(b, x, axes, windows, place));
}
