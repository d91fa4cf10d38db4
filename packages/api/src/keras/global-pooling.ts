import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { reduceTime } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.globalMaxPooling1d` and `layers.globalAveragePooling1d`. */
export interface GlobalPoolOptions extends LayerOptions {
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
  /** Only false, the default: the steps' axis is gone. */
  readonly keepdims?: false;
}

/** A sequence's steps made one vector a row. */
export class GlobalPoolLayer extends Layer {
  readonly kind: string;

  constructor(
    private readonly of: "max" | "average",
    options: GlobalPoolOptions,
    /** Whether what masks the sequence is left out, as Keras's mean does. */
    private readonly masks: boolean,
  ) {
    super(options);
    this.kind = `global_${of}_pooling1d`;
    layerOptions(this.kind, options, ["dataFormat", "keepdims"]);
    const { dataFormat, keepdims } = options;
    if (dataFormat !== undefined && dataFormat !== null && (dataFormat as string) !== "channels_last")
      this.refuse("UNROLL_UNSUPPORTED", "dataFormat channels_last", shown(dataFormat), "put channels last");
    if (keepdims !== undefined && keepdims !== false)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "keepdims false",
        shown(keepdims),
        "repeatVector(1) makes a step of it",
      );
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
    if (form!.axis === null || form!.shape.length !== 1)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, steps, channels]",
        axesText(form!),
        "set returnSequences on the recurrent layer that makes it",
      );
  }

  override get unlikeKeras(): string | null {
    return this.of === "average" && !this.masks ? "masked steps are left out there" : null;
  }

  override get foldsTime(): boolean {
    return this.masks;
  }

  override get takesMask(): boolean {
    return this.masks;
  }

  /** There are no steps left to mask. */
  override outputMask(): Mask | null {
    return null;
  }

  toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    _forms: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    _axis: string,
    ignoresMask: boolean,
  ): readonly LayerSpec[] {
    return [
      reduceTime({
        name,
        input: input!,
        mode: this.of === "max" ? "max" : "mean",
        padding: this.masks && !ignoresMask ? "skip" : "include",
      }),
    ];
  }
}
