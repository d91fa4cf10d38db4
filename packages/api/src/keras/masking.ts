import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { cropTime } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import {
  axesText,
  type CallOptions,
  type KerasTensor,
  Layer,
  type LayerOptions,
  type Mask,
  Unequal,
} from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.masking`. */
export interface MaskingOptions extends LayerOptions {
  /** What every feature of a step is that is not real. Default 0. */
  readonly maskValue?: number;
}

/**
 * Masks the steps all of whose features are one value, for the layers after it, and makes them zeros; of an
 * input of the model, which `predict` looks at. Source: Keras 3.15 `layers/core/masking.py`.
 */
export class MaskingLayer extends Layer {
  readonly kind = "masking";
  private readonly value: number;

  constructor(options: MaskingOptions) {
    super(options);
    layerOptions(this.kind, options, ["maskValue"]);
    const { maskValue = 0 } = options;
    if (typeof (maskValue as unknown) !== "number" || !Number.isFinite(maskValue))
      this.refuse(
        "UNROLL_ARGUMENT",
        "maskValue as a finite number",
        shown(maskValue),
        "0 is Keras's default",
      );
    this.value = maskValue;
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    const { dtype, axis, shape } = form!;
    if (dtype !== "float32" || axis === null || shape.length !== 1)
      this.refuse(
        "UNROLL_SHAPE",
        "a float32 input [batch, time, features]",
        `${dtype} ${axesText(form!)}`,
        "ids are masked by an embedding with maskZero",
      );
  }

  /** Its own mask, whatever masks the input, decides which steps are made zeros. */
  override call(inputs: readonly KerasTensor[], options: CallOptions): KerasTensor[] {
    for (const one of inputs) one.readAs(this.inputDtype);
    this.checkInputs(inputs.map((one) => one.form));
    return super.call(inputs, { ...options, given: [this.outputMask(inputs)] });
  }

  /** By two operations of Keras's graph: which features are not the value, and whether any of a step is. */
  override outputMask([x]: readonly KerasTensor[]): Mask {
    return {
      sources: [Unequal.of(x!, this.value)],
      node: { parents: [{ parents: [x!.source ?? x!] }] },
    };
  }

  /** It looks at what is masked, though Keras does not call it with a mask. */
  override get foldsTime(): boolean {
    return true;
  }

  override get takesMask(): boolean {
    return false;
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    // Cutting nothing off, of what is real: zeros elsewhere.
    return [cropTime({ name, input: input!, before: 0, after: 0, maskedSteps: "skip" })];
  }
}
