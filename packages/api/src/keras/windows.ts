import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { keepsLength, timeWindows, type WindowAxes, type Windowed } from "../layers/windows.js";
import { convolution, pool } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { perAxisOf } from "./counts.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";
import { outerActivation } from "./options.js";

/** One number for all axes of a window, or one for each. */
export type PerAxis = number | readonly number[];

/** What convolutions and pools take. */
interface WindowOptions extends LayerOptions {
  /** Steps from one window to the next. Default 1; of a pool, the window's size. */
  readonly strides?: PerAxis | null;
  /** `valid`, the default; `same`; `causal` of `conv1d`. */
  readonly padding?: string;
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
}

/** Options of `layers.conv1d` and `layers.conv2d`. */
export interface ConvolutionOptions extends WindowOptions {
  /** Channels of the output. */
  readonly filters: number;
  /** Elements of a window along each axis. */
  readonly kernelSize: PerAxis;
  /** Steps from one element of a window to the next. Default 1. */
  readonly dilationRate?: PerAxis;
  /** Groups of channels that are convolved by themselves. Default 1. */
  readonly groups?: number;
  /** Name as Keras has it. Default linear. */
  readonly activation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
}

/** Options of `layers.maxPooling1d`, `layers.averagePooling1d` and those of two axes. */
export interface PoolOptions extends WindowOptions {
  /** Elements of a window along each axis. Default 2. */
  readonly poolSize?: PerAxis;
}

/** A layer with windows over as many axes. */
export abstract class WindowLayer extends Layer {
  constructor(
    readonly kind: string,
    protected readonly axes: 1 | 2,
    private readonly window: WindowOptions,
    own: readonly string[],
  ) {
    super(window);
    layerOptions(kind, window, ["strides", "padding", "dataFormat", ...own]);
    const { padding = "valid" } = window;
    const causal = kind === "conv1d";
    const rules = ["valid", "same", ...(causal ? ["causal"] : [])];
    if (!rules.includes(padding))
      this.refuse(
        "UNROLL_ARGUMENT",
        `padding ${rules.join(" or ")}`,
        shown(padding),
        causal ? "write it so" : "only conv1d has causal padding",
      );
  }

  /** One number for each axis. */
  protected perAxis(key: string, given: PerAxis): readonly number[] {
    return perAxisOf(this.place, key, given, this.axes);
  }

  /** Which axes the windows move along: the ones before the channels. */
  private over({ axis, shape }: ValueInfo): WindowAxes {
    if (shape.length === this.axes + 1) return "features";
    return this.axes === 1 ? "time" : axis === null ? "features" : "timeAndFeatures";
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
    const { axis, shape } = form!;
    if (shape.length - 1 + (axis === null ? 0 : 1) !== this.axes)
      this.refuse(
        "UNROLL_SHAPE",
        this.axes === 1 ? "an input [batch, steps, channels]" : "an input [batch, rows, columns, channels]",
        axesText(form!),
        "timeDistributed applies it to each step of a sequence of such",
      );
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.checkInputs([{ ...form!, axis: null }]);
  }

  /** What the core's layers with windows share. */
  protected windows(
    name: string,
    input: ValueRef,
    form: ValueInfo,
    axis: string,
    size: readonly number[],
    own: Partial<Windowed>,
  ) {
    const { strides, padding = "valid" } = this.window;
    const all = {
      over: this.over(form),
      kernelSize: size,
      strides: strides === undefined || strides === null ? undefined : this.perAxis("strides", strides),
      dilations: size.map(() => 1),
      padding: padding as "valid" | "same" | "causal",
      maskedSteps: "ignore",
      ...own,
    } as const;
    const time = timeWindows({ ...all, strides: all.strides ?? this.usualStrides(size), axis: null });
    const made = time === null || keepsLength(time) ? null : axis;
    return { name, input, ...all, axis: made };
  }

  /** Strides where none are given. */
  protected abstract usualStrides(size: readonly number[]): readonly number[];

  /** Keras's convolutions and pools see no mask, and pass none on. */
  override outputMask(): Mask | null {
    return null;
  }

  override remakesTime([form]: readonly ValueInfo[]): boolean {
    const specs = this.toSpecs("layer", ["input"], [form!], null, "made");
    return specs.some((own) => "axis" in own && own.axis === "made");
  }

  /** How far a window reaches beyond its first element, along the first axis. */
  protected abstract get span(): number;

  override stepsOf([steps = null]: readonly (number | null)[]): number | null {
    if (steps === null) return null;
    const { strides, padding = "valid" } = this.window;
    const [stride = 1] =
      strides === undefined || strides === null
        ? this.usualStrides([this.span + 1])
        : this.perAxis("strides", strides);
    return padding === "valid" ? Math.floor((steps - this.span - 1) / stride) + 1 : Math.ceil(steps / stride);
  }

  abstract override toSpecs(
    name: string,
    inputs: readonly ValueRef[],
    forms: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[];
}

export class ConvolutionLayer extends WindowLayer {
  constructor(
    axes: 1 | 2,
    private readonly options: ConvolutionOptions,
  ) {
    super(`conv${axes}d`, axes, options, [
      "filters",
      "kernelSize",
      "dilationRate",
      "groups",
      "activation",
      "useBias",
    ]);
    outerActivation(this.kind, options.activation ?? null);
    this.perAxis("kernelSize", options.kernelSize);
    this.perAxis("dilationRate", options.dilationRate ?? 1);
  }

  protected override usualStrides(size: readonly number[]): readonly number[] {
    return size.map(() => 1);
  }

  protected override get span(): number {
    const { kernelSize, dilationRate = 1 } = this.options;
    return (this.perAxis("kernelSize", kernelSize)[0]! - 1) * this.perAxis("dilationRate", dilationRate)[0]!;
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    const { filters, kernelSize, dilationRate = 1, groups = 1, useBias, activation: squash } = this.options;
    const dilations = this.perAxis("dilationRate", dilationRate);
    return [
      convolution({
        ...this.windows(name, input!, form!, axis, this.perAxis("kernelSize", kernelSize), { dilations }),
        inputShape: form!.shape,
        filters,
        groups,
        activation: outerActivation(this.kind, squash ?? null),
        bias: useBias === false ? "none" : "single",
      }),
    ];
  }
}

export class PoolLayer extends WindowLayer {
  constructor(
    private readonly of: "max" | "average",
    axes: 1 | 2,
    private readonly options: PoolOptions,
  ) {
    super(`${of}_pooling${axes}d`, axes, options, ["poolSize"]);
    this.perAxis("poolSize", options.poolSize ?? 2);
  }

  protected override usualStrides(size: readonly number[]): readonly number[] {
    return size;
  }

  protected override get span(): number {
    return this.perAxis("poolSize", this.options.poolSize ?? 2)[0]! - 1;
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    const size = this.perAxis("poolSize", this.options.poolSize ?? 2);
    return [pool({ ...this.windows(name, input!, form!, axis, size, {}), kind: this.of })];
  }
}
