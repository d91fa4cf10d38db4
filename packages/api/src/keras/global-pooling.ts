import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { reduce, reduceTime } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.globalMaxPooling1d`, `layers.globalAveragePooling1d` and those of two axes. */
export interface GlobalPoolOptions extends LayerOptions {
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
  /** Only false, the default: the pooled axes are gone. */
  readonly keepdims?: false;
}

/** All axes before the channels made one vector a row: time, axes of features, or one after the other. */
export class GlobalPoolLayer extends Layer {
  readonly kind: string;

  constructor(
    private readonly of: "max" | "average",
    private readonly axes: 1 | 2,
    options: GlobalPoolOptions,
    /** Whether what masks the sequence is left out, as Keras's mean of one axis does. */
    private readonly masks: boolean,
  ) {
    super(options);
    this.kind = `global_${of}_pooling${axes}d`;
    layerOptions(this.kind, options, ["dataFormat", "keepdims"]);
    const { keepdims } = options;
    if (keepdims !== undefined && keepdims !== false)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "keepdims false",
        shown(keepdims),
        this.axes === 1 ? "repeatVector(1) makes a step of it" : "reshape makes axes of it",
      );
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
    const { axis, shape } = form!;
    if (shape.length - 1 + (axis === null ? 0 : 1) !== this.axes)
      this.refuse(
        "UNROLL_SHAPE",
        this.axes === 1 ? "an input [batch, steps, channels]" : "an input [batch, rows, columns, channels]",
        axesText(form!),
        this.axes === 1
          ? "set returnSequences on the recurrent layer that makes it"
          : "timeDistributed applies it to each step of a sequence of such",
      );
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.checkInputs([{ ...form!, axis: null }]);
  }

  override get unlikeKeras(): string | null {
    return this.of === "average" && this.axes === 1 && !this.masks ? "masked steps are left out there" : null;
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
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    _axis: string,
    ignoresMask: boolean,
  ): readonly LayerSpec[] {
    const { axis, shape } = form!;
    const mode = this.of === "max" ? "max" : "mean";
    const padding = this.masks && !ignoresMask ? "skip" : "include";
    const features = shape.length - 1;
    const folds = features + (axis === null ? 0 : 1);
    // Axes are as long in every row, so that a mean of means is the mean of all.
    return Array.from({ length: folds }, (_, k) => {
      const at = {
        name: k === folds - 1 ? name : `${name}_folded`,
        input: k === 0 ? input! : `${name}_folded`,
      };
      return k < features ? reduce({ ...at, axis: 0, mode }) : reduceTime({ ...at, mode, padding });
    });
  }
}
