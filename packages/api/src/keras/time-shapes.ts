import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { cropTime, pad, padTime, slice, tile, upsampleTime } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { assertCount } from "./counts.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** One number for both ends of the steps, or what is before the first and after the last. */
export type BothEnds = number | readonly [before: number, after: number] | readonly number[];

/** Options of `layers.zeroPadding1d`. */
export interface ZeroPadding1dOptions extends LayerOptions {
  /** Steps of zeros before the first and after the last. Default 1. */
  readonly padding?: BothEnds;
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
}

/** Options of `layers.cropping1d`. */
export interface Cropping1dOptions extends LayerOptions {
  /** Steps dropped from the first on and up to the last. Default [1, 1]. */
  readonly cropping?: BothEnds;
}

/** Options of `layers.upSampling1d`. */
export interface UpSampling1dOptions extends LayerOptions {
  /** How many steps each becomes. Default 2. */
  readonly size?: number;
}

/**
 * A layer that makes [batch, steps, channels] longer or shorter: of a sequence its time, of what has no time
 * the first axis of features. Source: Keras 3.15 `layers/reshaping`; none of these supports masks there, so
 * that every step is real to it and nothing masks its output.
 */
abstract class TimeShapeLayer extends Layer {
  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
    const { axis, shape } = form!;
    if (shape.length + (axis === null ? 0 : 1) !== 2)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, steps, channels]",
        axesText(form!),
        "timeDistributed applies it to each step of a sequence of such",
      );
    if (axis === null) this.checkSteps(shape[0]!);
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.checkInputs([{ ...form!, axis: null }]);
  }

  override outputMask(): Mask | null {
    return null;
  }

  override remakesTime([form]: readonly ValueInfo[]): boolean {
    return form!.axis !== null && this.changes;
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    if (form!.axis === null) return [this.overFeatures({ name, input: input!, axis: 0 }, form!.shape[0]!)];
    const own = this.changes ? axis : null;
    return [this.overTime({ name, input: input!, axis: own, maskedSteps: "ignore" })];
  }

  override stepsOf([steps = null]: readonly (number | null)[]): number | null {
    return steps === null ? null : this.madeOf(steps);
  }

  /** How many steps it makes of so many. */
  protected abstract madeOf(steps: number): number;

  /** One number for both ends, or one for each. */
  protected bothEnds(key: string, given: BothEnds): readonly [before: number, after: number] {
    const list: unknown = typeof given === "number" ? [given, given] : given;
    const fits = (count: unknown): boolean => Number.isInteger(count) && (count as number) >= 0;
    if (!Array.isArray(list) || list.length !== 2 || !list.every(fits))
      this.refuse(
        "UNROLL_ARGUMENT",
        `${key} as a whole number of at least 0, or [before, after]`,
        shown(given),
        "it counts steps",
      );
    return [list[0] as number, list[1] as number];
  }

  /** Refuses a number of steps that is too small. */
  protected checkSteps(_steps: number): void {}
  /** Whether the output is of another length. */
  protected abstract get changes(): boolean;
  protected abstract overTime(own: {
    readonly name: string;
    readonly input: ValueRef;
    readonly axis: string | null;
    readonly maskedSteps: "ignore";
  }): LayerSpec;
  protected abstract overFeatures(
    own: { readonly name: string; readonly input: ValueRef; readonly axis: number },
    steps: number,
  ): LayerSpec;
}

export class ZeroPadding1dLayer extends TimeShapeLayer {
  readonly kind = "zero_padding1d";
  private readonly ends: readonly [before: number, after: number];

  constructor(options: ZeroPadding1dOptions) {
    super(options);
    layerOptions(this.kind, options, ["padding", "dataFormat"]);
    this.ends = this.bothEnds("padding", options.padding ?? 1);
  }

  protected madeOf(steps: number): number {
    return this.ends.reduce((sum, count) => sum + count, steps);
  }

  protected get changes(): boolean {
    return this.ends.some((count) => count > 0);
  }

  protected overTime(own: Parameters<TimeShapeLayer["overTime"]>[0]): LayerSpec {
    const [before, after] = this.ends;
    return padTime({ ...own, before, after });
  }

  protected overFeatures(own: Parameters<TimeShapeLayer["overFeatures"]>[0]): LayerSpec {
    const [before, after] = this.ends;
    return pad({ ...own, before, after });
  }
}

export class Cropping1dLayer extends TimeShapeLayer {
  readonly kind = "cropping1d";
  private readonly ends: readonly [before: number, after: number];

  constructor(options: Cropping1dOptions) {
    super(options);
    layerOptions(this.kind, options, ["cropping"]);
    this.ends = this.bothEnds("cropping", options.cropping ?? 1);
  }

  protected madeOf(steps: number): number {
    return this.ends.reduce((sum, count) => sum - count, steps);
  }

  protected get changes(): boolean {
    return this.ends.some((count) => count > 0);
  }

  protected override checkSteps(steps: number): void {
    const [before, after] = this.ends;
    if (before + after >= steps)
      this.refuse("UNROLL_SHAPE", `an input of more than ${before + after} steps`, `${steps}`, "crop less");
  }

  protected overTime(own: Parameters<TimeShapeLayer["overTime"]>[0]): LayerSpec {
    const [before, after] = this.ends;
    return cropTime({ ...own, before, after });
  }

  protected overFeatures(own: Parameters<TimeShapeLayer["overFeatures"]>[0], steps: number): LayerSpec {
    const [before, after] = this.ends;
    return slice({ ...own, start: before, length: steps - before - after });
  }
}

export class UpSampling1dLayer extends TimeShapeLayer {
  readonly kind = "up_sampling1d";
  private readonly times: number;

  constructor(options: UpSampling1dOptions) {
    super(options);
    layerOptions(this.kind, options, ["size"]);
    const { size = 2 } = options;
    assertCount(this.place, "size", size, "it counts steps");
    this.times = size;
  }

  protected madeOf(steps: number): number {
    return steps * this.times;
  }

  protected get changes(): boolean {
    return this.times > 1;
  }

  protected overTime(own: Parameters<TimeShapeLayer["overTime"]>[0]): LayerSpec {
    return upsampleTime({ ...own, times: this.times });
  }

  protected overFeatures(own: Parameters<TimeShapeLayer["overFeatures"]>[0]): LayerSpec {
    return tile({ ...own, times: this.times });
  }
}
