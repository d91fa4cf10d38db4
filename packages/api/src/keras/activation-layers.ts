import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { activation } from "../specification/build.js";
import type { ActivationSpec, LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, type KerasTensor, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.leakyRelu`: one of both. */
export interface LeakyReluOptions extends LayerOptions {
  /** What x is multiplied by where it is below 0. Default 0.3. */
  readonly negativeSlope?: number;
  /** The same, as Keras 2 and TensorFlow.js call it. */
  readonly alpha?: number;
}

/** Options of `layers.elu`. */
export interface EluOptions extends LayerOptions {
  /** What e^x - 1 is multiplied by where x is below 0. Default 1. */
  readonly alpha?: number;
}

/** Options of `layers.relu`. */
export interface ReluOptions extends LayerOptions {
  /** The most that is given: null, the default, for any, or 6 without a slope. */
  readonly maxValue?: number | null;
  /** What x is multiplied by where it is below 0. Default 0. */
  readonly negativeSlope?: number;
  /** Only 0. */
  readonly threshold?: number;
}

/** Options of `layers.softmax`. */
export interface SoftmaxOptions extends LayerOptions {
  /** Only the last: -1, the default, or its number. */
  readonly axis?: number;
}

/** An activation that is a class of Keras's. Source: Keras 3.15 `layers/activations`. */
abstract class OneActivation extends Layer {
  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
  }

  protected abstract readonly of: Pick<ActivationSpec, "activation" | "slope">;

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [activation({ name, input: input!, ...this.of })];
  }

  /** An option that is a finite number. */
  protected finite(name: string, value: number): number {
    if (!Number.isFinite(value as unknown))
      this.refuse("UNROLL_ARGUMENT", `${name} as a finite number`, shown(value), "or leave it out");
    return value;
  }
}

/** x where it is above 0, and else a slope times x. */
export class LeakyReluLayer extends OneActivation {
  readonly kind = "leaky_re_lu";
  protected readonly of;

  constructor(options: LeakyReluOptions) {
    super(options);
    layerOptions(this.kind, options, ["negativeSlope", "alpha"]);
    const { alpha, negativeSlope = alpha ?? 0.3 } = options;
    if (alpha !== undefined && options.negativeSlope !== undefined)
      this.refuse("UNROLL_ARGUMENT", "negativeSlope alone", "alpha as well", "they are one thing");
    this.of = { activation: "leakyRelu", slope: this.finite("negativeSlope", negativeSlope) } as const;
  }
}

/** x where it is above 0, and else alpha times e^x - 1. */
export class EluLayer extends OneActivation {
  readonly kind = "elu";
  protected readonly of;

  constructor(options: EluOptions) {
    super(options);
    layerOptions(this.kind, options, ["alpha"]);
    const alpha = this.finite("alpha", options.alpha ?? 1);
    this.of = { activation: "elu", slope: alpha === 1 ? null : alpha } as const;
  }
}

/** x where it is above 0, and else nothing, or a slope times x. */
export class ReluLayer extends OneActivation {
  readonly kind = "re_lu";
  protected readonly of;

  constructor(options: ReluOptions) {
    super(options);
    layerOptions(this.kind, options, ["maxValue", "negativeSlope", "threshold"]);
    const { maxValue = null, negativeSlope = 0, threshold = 0 } = options;
    if ((threshold as unknown) !== 0)
      this.refuse("UNROLL_UNSUPPORTED", "threshold 0", shown(threshold), "a dense layer's bias moves it");
    const slope = this.finite("negativeSlope", negativeSlope);
    if ((maxValue as unknown) !== null && ((maxValue as unknown) !== 6 || slope !== 0))
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "maxValue null, or 6 without a slope",
        `${shown(maxValue)}${slope === 0 ? "" : " with one"}`,
        "leave it out, or build the model without it",
      );
    this.of =
      maxValue === 6
        ? ({ activation: "relu6", slope: null } as const)
        : slope === 0
          ? ({ activation: "relu", slope: null } as const)
          : ({ activation: "leakyRelu", slope } as const);
  }
}

/** e^x over the sum of the same, along the last axis. */
export class SoftmaxLayer extends OneActivation {
  readonly kind: string = "softmax";
  protected readonly of = { activation: "softmax", slope: null } as const;
  private readonly axis: number;

  constructor(options: SoftmaxOptions) {
    super(options);
    layerOptions(this.kind, options, ["axis"]);
    const { axis = -1 } = options;
    if (!Number.isInteger(axis as unknown))
      this.refuse("UNROLL_ARGUMENT", "axis as a whole number", shown(axis), "-1 is the last");
    this.axis = axis;
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    super.checkInputs(forms);
    const { axis, shape } = forms[0]!;
    if (this.axis !== -1 && this.axis !== shape.length + (axis === null ? 0 : 1))
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "axis -1, the last",
        `${this.axis} of ${axesText(forms[0]!)}`,
        "permute brings another axis to the end, and back again",
      );
  }

  override checkStep(forms: readonly ValueInfo[]): void {
    this.checkInputs(forms.map((form) => ({ ...form, axis: null })));
  }

  /** Keras's layer takes a mask to be one of features, and breaks where it is one of steps. */
  override outputMask(inputs: readonly KerasTensor[], given?: Mask | null): Mask | null {
    const mask = super.outputMask(inputs, given);
    if (mask !== null)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "an input without a mask",
        "one whose steps are masked",
        'use activation("softmax"), which hands the mask on',
      );
    return mask;
  }
}
