import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { batchNorm, groupNorm, layerNorm, rmsNorm } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** What every normalisation takes. */
interface NormalizationOptions extends LayerOptions {
  /** Only the last axis: -1, the default, or its number. */
  readonly axis?: number;
  /** Added to the variance, or to the mean of squares. */
  readonly epsilon?: number;
}

/** What it may be shifted and scaled by afterwards. */
interface ShiftingOptions extends NormalizationOptions {
  /** Whether each feature has a weight `beta` added. Default true. */
  readonly center?: boolean;
  /** Whether each feature is multiplied by a weight `gamma`. Default true. */
  readonly scale?: boolean;
}

/** Options of `layers.batchNormalization`. Default epsilon 1e-3. */
export interface BatchNormalizationOptions extends ShiftingOptions {
  /** Without effect: how statistics are gathered in training. */
  readonly momentum?: number;
}

/** Options of `layers.layerNormalization`. Default epsilon 1e-3. */
export type LayerNormalizationOptions = ShiftingOptions;

/** Options of `layers.rmsNormalization`. Default epsilon 1e-6. */
export type RmsNormalizationOptions = NormalizationOptions;

/** Options of `layers.groupNormalization`. Default epsilon 1e-3. */
export interface GroupNormalizationOptions extends ShiftingOptions {
  /** How many groups the last axis has; -1 is one for each of its features. Default 32. */
  readonly groups?: number;
}

/** A normalisation of the last axis. */
abstract class NormalizationLayer<Options extends NormalizationOptions> extends Layer {
  constructor(
    readonly kind: string,
    protected readonly options: Options,
    own: readonly string[],
  ) {
    super(options);
    layerOptions(kind, options, ["axis", "epsilon", ...own]);
    const { epsilon } = options;
    if (epsilon !== undefined && !(typeof epsilon === "number" && epsilon > 0 && epsilon < Infinity))
      this.refuse("UNROLL_ARGUMENT", "epsilon above 0", shown(epsilon), "leave it out for Keras's default");
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
    const rank = form!.shape.length + (form!.axis === null ? 1 : 2);
    const { axis = -1 } = this.options;
    if (axis !== -1 && axis !== rank - 1)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        `axis -1 or ${rank - 1}, the last of ${axesText(form!)}`,
        shown(axis),
        "permute the features so that the axis is the last one",
      );
  }

  /** What the spec layers of all of them are given. */
  protected placed(name: string, [input]: readonly ValueRef[], [form]: readonly ValueInfo[], usual: number) {
    return {
      name,
      input: input!,
      inputSize: this.lastAxis(form!),
      epsilon: this.options.epsilon ?? usual,
    };
  }
}

/** Statistics that training has gathered, of each feature. */
export class BatchNormalizationLayer extends NormalizationLayer<BatchNormalizationOptions> {
  constructor(options: BatchNormalizationOptions) {
    super("batch_normalization", options, ["center", "scale", "momentum"]);
  }

  // Keras counts a mask only while it trains, but calls the layer with it.
  override get takesMask(): boolean {
    return true;
  }

  toSpecs(name: string, inputs: readonly ValueRef[], forms: readonly ValueInfo[]): readonly LayerSpec[] {
    const { center = true, scale = true } = this.options;
    return [batchNorm({ ...this.placed(name, inputs, forms, 1e-3), center, scale })];
  }
}

/** Each vector over its features. */
export class LayerNormalizationLayer extends NormalizationLayer<LayerNormalizationOptions> {
  constructor(options: LayerNormalizationOptions) {
    super("layer_normalization", options, ["center", "scale"]);
  }

  toSpecs(name: string, inputs: readonly ValueRef[], forms: readonly ValueInfo[]): readonly LayerSpec[] {
    const { center = true, scale = true } = this.options;
    return [layerNorm({ ...this.placed(name, inputs, forms, 1e-3), center, scale })];
  }
}

/** Each vector by the root of the mean of its squares. */
export class RmsNormalizationLayer extends NormalizationLayer<RmsNormalizationOptions> {
  constructor(options: RmsNormalizationOptions) {
    super("rms_normalization", options, []);
  }

  /** Keras's layer does not support masks, unlike the other normalisations. */
  override outputMask(): Mask | null {
    return null;
  }

  toSpecs(name: string, inputs: readonly ValueRef[], forms: readonly ValueInfo[]): readonly LayerSpec[] {
    return [rmsNorm(this.placed(name, inputs, forms, 1e-6))];
  }
}

/** Each group of features, where there is no time that Keras would take the mean over as well. */
export class GroupNormalizationLayer extends NormalizationLayer<GroupNormalizationOptions> {
  constructor(options: GroupNormalizationOptions) {
    super("group_normalization", options, ["center", "scale", "groups"]);
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    if (forms[0]!.axis !== null)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "an input without time",
        axesText(forms[0]!),
        "Keras takes mean and variance over every step; timeDistributed normalises each by itself",
      );
    super.checkInputs(forms);
    const size = this.lastAxis(forms[0]!);
    if (!Number.isInteger(this.groups(size)) || this.groups(size) < 1 || size % this.groups(size) !== 0)
      this.refuse(
        "UNROLL_ARGUMENT",
        `groups as a divisor of ${size}, the features, or -1`,
        shown(this.groups(size)),
        "Keras's default is 32",
      );
  }

  override checkStep(forms: readonly ValueInfo[]): void {
    this.checkInputs(forms.map((form) => ({ ...form, axis: null })));
  }

  toSpecs(name: string, inputs: readonly ValueRef[], forms: readonly ValueInfo[]): readonly LayerSpec[] {
    const { center = true, scale = true } = this.options;
    const placed = this.placed(name, inputs, forms, 1e-3);
    return [groupNorm({ ...placed, center, scale, groups: this.groups(placed.inputSize) })];
  }

  private groups(size: number): number {
    const { groups = 32 } = this.options;
    return groups === -1 ? size : groups;
  }
}
