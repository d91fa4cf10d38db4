import type { BoundWeight } from "../dialects/keras/bindings.js";
import type { ValueInfo } from "../layers/value-info.js";
import { convolution, dense } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { assertCount } from "./counts.js";
import type { LayerBinding } from "./layer.js";
import { outerActivation } from "./options.js";
import { type ConvolutionOptions, WindowLayer } from "./windows.js";

/** Options of `layers.depthwiseConv1d` and `layers.depthwiseConv2d`. */
export interface DepthwiseConvolutionOptions extends Omit<ConvolutionOptions, "filters" | "groups"> {
  /** Channels of the output for each of the input. Default 1. */
  readonly depthMultiplier?: number;
}

/** Options of `layers.separableConv1d` and `layers.separableConv2d`. */
export interface SeparableConvolutionOptions extends Omit<ConvolutionOptions, "groups"> {
  /** Channels that each of the input is convolved to, before all are mixed. Default 1. */
  readonly depthMultiplier?: number;
}

/** What convolves every channel by itself. */
abstract class ByChannel extends WindowLayer {
  protected readonly multiplier: number;

  constructor(
    name: string,
    axes: 1 | 2,
    private readonly convolved: DepthwiseConvolutionOptions,
    own: readonly string[],
  ) {
    super(`${name}_conv${axes}d`, axes, convolved, [
      ...["kernelSize", "dilationRate", "depthMultiplier", "activation", "useBias"],
      ...own,
    ]);
    const { depthMultiplier = 1, kernelSize, dilationRate = 1, activation = null } = convolved;
    assertCount(this.place, "depthMultiplier", depthMultiplier, "it counts channels");
    this.multiplier = depthMultiplier;
    outerActivation(this.kind, activation);
    this.perAxis("kernelSize", kernelSize);
    this.perAxis("dilationRate", dilationRate);
  }

  protected override usualStrides(size: readonly number[]): readonly number[] {
    return size.map(() => 1);
  }

  protected override get span(): number {
    const { kernelSize, dilationRate = 1 } = this.convolved;
    return (this.perAxis("kernelSize", kernelSize)[0]! - 1) * this.perAxis("dilationRate", dilationRate)[0]!;
  }

  /** Groups of one channel each, by the layer's windows. */
  protected depthwise(name: string, input: ValueRef, form: ValueInfo, axis: string) {
    const { kernelSize, dilationRate = 1 } = this.convolved;
    const dilations = this.perAxis("dilationRate", dilationRate);
    const channels = this.lastAxis(form);
    return {
      ...this.windows(name, input, form, axis, this.perAxis("kernelSize", kernelSize), { dilations }),
      inputShape: form.shape,
      filters: channels * this.multiplier,
      groups: channels,
    };
  }

  /** Keras has the channels and what each becomes as two axes, in the order that groups have. */
  protected bound(name: string): BoundWeight {
    const { multiplier } = this;
    return {
      name,
      index: 0,
      shapeOf: (shape) => [...shape.slice(0, -2), shape[shape.length - 1]! / multiplier, multiplier],
    };
  }
}

/** Keras's `DepthwiseConv1D` and `DepthwiseConv2D`. Source: Keras 3.15 `base_depthwise_conv.py`. */
export class DepthwiseConvolutionLayer extends ByChannel {
  constructor(
    axes: 1 | 2,
    private readonly options: DepthwiseConvolutionOptions,
  ) {
    super("depthwise", axes, options, []);
  }

  override get bindings(): readonly LayerBinding[] {
    return [{ within: "", cell: null, weights: { kernel: this.bound("kernel") } }];
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    const { activation, useBias } = this.options;
    return [
      convolution({
        ...this.depthwise(name, input!, form!, axis),
        activation: outerActivation(this.kind, activation ?? null),
        bias: useBias === false ? "none" : "single",
      }),
    ];
  }
}

/**
 * Keras's `SeparableConv1D` and `SeparableConv2D`: each channel by itself, then all of one place mixed, which
 * is a dense layer. Source: Keras 3.15 `base_separable_conv.py`.
 */
export class SeparableConvolutionLayer extends ByChannel {
  constructor(
    axes: 1 | 2,
    private readonly options: SeparableConvolutionOptions,
  ) {
    super("separable", axes, options, ["filters"]);
    assertCount(this.place, "filters", options.filters, "it counts channels");
  }

  override get bindings(): readonly LayerBinding[] {
    const ones = new Array<number>(this.axes).fill(1);
    return [
      { within: "/depthwise", cell: null, weights: { kernel: this.bound("depthwise_kernel") } },
      {
        within: "",
        cell: null,
        weights: {
          kernel: { name: "pointwise_kernel", index: 1, shapeOf: (shape) => [...ones, ...shape] },
          bias: { name: "bias", index: 2 },
        },
      },
    ];
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _state: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    const { activation, useBias, filters } = this.options;
    const apart = this.depthwise(`${name}/depthwise`, input!, form!, axis);
    return [
      convolution({ ...apart, activation: "linear", bias: "none" }),
      dense({
        name,
        input: apart.name,
        inputSize: apart.filters,
        units: filters,
        activation: outerActivation(this.kind, activation ?? null),
        bias: useBias === false ? "none" : "single",
      }),
    ];
  }
}
