import { unrollError } from "../contract/error.js";
import { transposedConvolution } from "../specification/build.js";
import type { LayerSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { count } from "./layers.js";
import type { ModulePart } from "./module.js";
import { parts } from "./own-names.js";
import { steps, Windowed } from "./windows.js";

/** Options of `nn.ConvTranspose1d`, with PyTorch's defaults. */
export interface ConvTransposeOptions {
  /** Steps of the output from where one of the input begins to where the next does. Default 1. */
  readonly stride?: number;
  /** Steps dropped at both ends of the output. Default 0. */
  readonly padding?: number;
  /** Steps more at the end; less than `stride` or `dilation`. Default 0. */
  readonly outputPadding?: number;
  /** Channels are parted into so many groups. Default 1. */
  readonly groups?: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** Steps of the output from one element of the kernel to the next. Default 1. */
  readonly dilation?: number;
  /** Only zeros: PyTorch has no other. */
  readonly paddingMode?: "zeros";
}

/**
 * `torch.nn.ConvTranspose1d` on [batch, inChannels, time]. Weights: `weight` [inChannels, outChannels /
 * groups, kernelSize], `bias` [outChannels].
 */
export class ConvTranspose1d extends Windowed {
  readonly #options: ConvTransposeOptions;

  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize steps of the output that one of the input reaches
   * @param options or `stride` by itself
   */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernelSize: number,
    options?: number | ConvTransposeOptions,
    ...rest: never[]
  ) {
    const place = "nn.ConvTranspose1d";
    super(place);
    noMore(place, rest);
    for (const [name, value] of Object.entries({ inChannels, outChannels, kernelSize }))
      count(place, name, value);
    const known = ["stride", "padding", "outputPadding", "groups", "bias", "dilation", "paddingMode"];
    this.#options = { ...optionsOf<ConvTransposeOptions>(place, options, known, "stride") };
    const { stride = 1, padding = 0, outputPadding = 0, groups = 1, dilation = 1 } = this.#options;
    for (const [name, value] of Object.entries({ stride, groups, dilation })) count(place, name, value);
    steps(place, "padding", padding);
    const refuse = (expected: string, got: string, cure: string): never => {
      throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
    };
    if (steps(place, "outputPadding", outputPadding) >= Math.max(stride, dilation))
      refuse("outputPadding below stride or dilation", `${outputPadding}`, "it chooses among equal lengths");
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      refuse(`groups that divide ${inChannels} and ${outChannels}`, `${groups}`, "groups are of one size");
    const { paddingMode = "zeros" } = this.#options;
    if ((paddingMode as string) !== "zeros") refuse("paddingMode zeros", paddingMode, "PyTorch has no other");
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.layer("convolution", "x"), level: null }];
  }

  protected override get channels(): readonly number[] {
    return [this.inChannels];
  }

  protected layer(name: string, input: string): LayerSpec {
    const {
      stride = 1,
      padding = 0,
      outputPadding = 0,
      groups = 1,
      dilation = 1,
      bias = true,
    } = this.#options;
    const more = (this.kernelSize - 1) * dilation + 1 - stride - 2 * padding + outputPadding;
    return transposedConvolution({
      name,
      input,
      inputSize: this.inChannels,
      filters: this.outChannels,
      kernelSize: this.kernelSize,
      stride,
      dilation,
      padding: [padding, padding],
      outputPadding,
      groups,
      bias: bias ? "single" : "none",
      ...((stride !== 1 || more !== 0) && { axis: "windows" }),
    });
  }
}
