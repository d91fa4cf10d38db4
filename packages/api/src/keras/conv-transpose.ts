import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { transposedConvolution } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";
import { outerActivation } from "./options.js";
import type { PerAxis } from "./windows.js";

/** Options of `layers.conv1dTranspose`. */
export interface ConvTransposeOptions extends LayerOptions {
  /** Channels of the output. */
  readonly filters: number;
  /** Elements of the kernel along time. */
  readonly kernelSize: PerAxis;
  /** Steps of the output for each of the input. Default 1. */
  readonly strides?: PerAxis;
  /** `valid`, the default, or `same`. */
  readonly padding?: string;
  /** Steps more at the end, fewer than `strides`; default as many as the padding's rule needs. */
  readonly outputPadding?: PerAxis | null;
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
  /** Steps from one element of the kernel to the next; 1, the default, with `strides` above 1. */
  readonly dilationRate?: PerAxis;
  /** Name as Keras has it. Default linear. */
  readonly activation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
}

/**
 * Keras's `Conv1DTranspose` over time. Source of what each padding drops and adds: Keras 3.15
 * `backend/common/backend_utils.py`; it sees no mask there and passes none on.
 */
export class ConvTransposeLayer extends Layer {
  readonly kind = "conv1d_transpose";
  private readonly own: {
    readonly kernelSize: number;
    readonly stride: number;
    readonly dilation: number;
    readonly padding: readonly [before: number, after: number];
    readonly outputPadding: number;
  };

  constructor(private readonly options: ConvTransposeOptions) {
    super(options);
    layerOptions(this.kind, options, [
      ...["filters", "kernelSize", "strides", "padding", "outputPadding", "dataFormat", "dilationRate"],
      ...["activation", "useBias"],
    ]);
    const { strides = 1, padding = "valid", outputPadding, dilationRate = 1 } = options;
    if (padding !== "valid" && padding !== "same")
      this.refuse("UNROLL_ARGUMENT", "padding valid or same", shown(padding), "write it so");
    const kernelSize = this.counted("kernelSize", options.kernelSize, 1);
    const stride = this.counted("strides", strides, 1);
    const dilation = this.counted("dilationRate", dilationRate, 1);
    const more = (outputPadding ?? null) === null ? null : this.counted("outputPadding", outputPadding!, 0);
    if (more !== null && more >= stride)
      this.refuse(
        "UNROLL_ARGUMENT",
        `outputPadding below strides, ${stride}`,
        `${more}`,
        "Keras has no other",
      );
    if (stride > 1 && dilation > 1)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "strides or a dilationRate of 1",
        `${stride} and ${dilation}`,
        "Keras refuses both at once; transposedConvolution of the core has them",
      );
    outerActivation(this.kind, options.activation ?? null);
    const wide = (kernelSize - 1) * dilation + 1;
    this.own = { kernelSize, stride, dilation, ...dropped(padding, wide, stride, more) };
  }

  /** One number, or a list of it. */
  private counted(key: string, given: PerAxis, least: number): number {
    const list = typeof given === "number" ? [given] : given;
    if (!Array.isArray(list) || list.length !== 1 || !Number.isInteger(list[0]) || list[0]! < least)
      this.refuse(
        "UNROLL_ARGUMENT",
        `${key} as a whole number of at least ${least}, or a list of one`,
        shown(given),
        "it counts steps",
      );
    return list[0]!;
  }

  private get keeps(): boolean {
    const { kernelSize, stride, dilation, padding, outputPadding } = this.own;
    return stride === 1 && (kernelSize - 1) * dilation + outputPadding === padding[0] + padding[1];
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
    if (form!.axis === null || form!.shape.length !== 1)
      this.refuse(
        "UNROLL_SHAPE",
        "a sequence [batch, time, channels]",
        axesText(form!),
        "give the input a time axis, null in its shape, or reshape it to one",
      );
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.checkInputs([{ ...form!, axis: null }]);
  }

  override outputMask(): Mask | null {
    return null;
  }

  override stepsOf([steps = null]: readonly (number | null)[]): number | null {
    const { kernelSize, stride, dilation, padding, outputPadding } = this.own;
    const more = (kernelSize - 1) * dilation + 1 + outputPadding - padding[0] - padding[1];
    return steps === null ? null : (steps - 1) * stride + more;
  }

  override remakesTime(): boolean {
    return !this.keeps;
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    const { filters, activation, useBias } = this.options;
    return [
      transposedConvolution({
        ...this.own,
        name,
        input: input!,
        inputSize: form!.shape[0]!,
        filters,
        axis: this.keeps ? null : axis,
        maskedSteps: "ignore",
        activation: outerActivation(this.kind, activation ?? null),
        bias: useBias === false ? "none" : "single",
      }),
    ];
  }
}

/** What a rule of padding drops at the ends and adds after; rule `transposed-convolution`. */
function dropped(
  rule: "valid" | "same",
  wide: number,
  stride: number,
  more: number | null,
): { padding: readonly [before: number, after: number]; outputPadding: number } {
  if (rule === "valid") return { padding: [0, 0], outputPadding: more ?? Math.max(stride - wide, 0) };
  const around = more === null ? stride + wide - 2 : wide + (wide % 2) - 2 + more;
  const before = Math.min(Math.ceil(around / 2), wide - 1);
  const after = wide - 1 - (around - before);
  return { padding: [wide - 1 - before, Math.max(after, 0)], outputPadding: Math.max(-after, 0) };
}
