import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { convolution, pool } from "../specification/build.js";
import type { LayerSpec } from "../specification/types.js";
import { Applied } from "./applied.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { count } from "./layers.js";
import type { ModulePart } from "./module.js";
import { applied, parts } from "./own-names.js";
import { SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** A number for both axes of an image, or one for each: [height, width]. */
export type Pair = number | readonly [height: number, width: number];

/** Options of `nn.Conv2d`, with PyTorch's defaults. */
export interface Conv2dOptions {
  /** Elements from one window to the next. Default 1. */
  readonly stride?: Pair;
  /** Elements added at both ends, or `same` or `valid`. Default 0. */
  readonly padding?: Pair | "same" | "valid";
  /** Elements from one of a window to the next. Default 1. */
  readonly dilation?: Pair;
  /** Channels are parted into so many groups. Default 1. */
  readonly groups?: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** What stands in the padding. Default zeros. */
  readonly paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
}

/** Options of the pools of images, with PyTorch's defaults. */
export interface Pool2dOptions {
  /** Elements from one window to the next. Default the window's size. */
  readonly stride?: Pair | null;
  /** Elements added at both ends. Default 0. */
  readonly padding?: Pair;
  /** Only false: windows that reach past the end are left out. */
  readonly ceilMode?: boolean;
}

/** Options of `nn.AvgPool2d`, with PyTorch's defaults. */
export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether padding counts as zeros. Default true. */
  readonly countIncludePad?: boolean;
}

type Two = readonly [number, number];

/** Both numbers of a pair. @throws UNROLL_ARGUMENT for what is none, and for one below `least` */
function pairOf(place: string, name: string, given: Pair, least: 0 | 1): Two {
  const both: readonly unknown[] = Array.isArray(given) ? (given as readonly unknown[]) : [given, given];
  if (both.length === 2 && both.every((one) => Number.isInteger(one) && (one as number) >= least))
    return both as unknown as Two;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `${name} as a whole number of at least ${least}, or two of them`,
    got: shown(given),
    cure: "the first is along the height",
  });
}

/** Windows over images, [batch, channels, height, width] or without the batch; specs have channels last. */
abstract class Imaged extends Applied {
  protected abstract readonly place: string;

  /** What it does to [batch, height, width, channels]. */
  protected abstract layer(name: string, input: string, image: readonly [...Two, number]): LayerSpec;

  /** Channels that it wants; null takes any. */
  protected get channels(): number | null {
    return null;
  }

  forward(x: Tensor): Tensor {
    if (x instanceof SymbolicTensor) return x.beyond(`${this.place}, which takes images`);
    const { shape } = x;
    const rank = shape.length;
    const own = this.channels;
    if ((rank !== 3 && rank !== 4) || (own !== null && shape[rank - 3] !== own))
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: this.place,
        expected: `an input [batch, ${own ?? "channels"}, height, width]`,
        got: `[${shape.join(", ")}]`,
        cure: "permute() brings channels before height",
      });
    const last = x.permute(rank === 3 ? [1, 2, 0] : [0, 2, 3, 1]);
    const image = last.shape.slice(-3);
    const made = this[applied]("overImages", [last, ...image]) as Tensor;
    return made.permute(rank === 3 ? [2, 0, 1] : [0, 3, 1, 2]);
  }

  /** @internal The layer over [batch, height, width, channels], described. */
  overImages(x: Tensor, ...image: [...Two, number]): SymbolicTensor {
    const graph = currentGraph(this.place);
    const ref = graph.use(this.place, x, { dtype: "float32", features: image });
    const layer = this.layer(graph.layerName("", "windows"), ref, image);
    return graph.append(layer, x, { module: graph.pathOf(this), level: null });
  }
}

/**
 * `torch.nn.Conv2d` on [batch, inChannels, height, width]. Weights: `weight` [outChannels, inChannels /
 * groups, height, width] of the window, `bias` [outChannels].
 */
export class Conv2d extends Imaged {
  protected readonly place = "nn.Conv2d";
  readonly #kernel: Two;
  readonly #options: Conv2dOptions;

  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize elements of a window along height and width
   * @param options or `stride` by itself
   */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernelSize: Pair,
    options?: number | Conv2dOptions,
    ...rest: never[]
  ) {
    super();
    const place = "nn.Conv2d";
    noMore(place, rest);
    count(place, "inChannels", inChannels);
    count(place, "outChannels", outChannels);
    this.#kernel = pairOf(place, "kernelSize", kernelSize, 1);
    const known = ["stride", "padding", "dilation", "groups", "bias", "paddingMode"];
    this.#options = { ...optionsOf<Conv2dOptions>(place, options, known, "stride") };
    const { padding = 0, stride = 1, groups = 1, dilation = 1 } = this.#options;
    const strides = pairOf(place, "stride", stride, 1);
    pairOf(place, "dilation", dilation, 1);
    count(place, "groups", groups);
    if (padding !== "same" && padding !== "valid") pairOf(place, "padding", padding, 0);
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `groups that divide ${inChannels} and ${outChannels}`,
        got: `${groups}`,
        cure: "groups are of one size",
      });
    if (padding === "same" && strides.some((one) => one !== 1))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: 'stride 1 with padding "same"',
        got: shown(stride),
        cure: "PyTorch has no other",
      });
  }

  override [parts](): ModulePart[] {
    // Of any image: its weights are the same for all.
    const [height, width] = this.#spans().map((span) => span + 1) as [number, number];
    return [{ layer: this.layer("convolution", "x", [height, width, this.inChannels]), level: null }];
  }

  protected override get channels(): number {
    return this.inChannels;
  }

  #spans(): readonly number[] {
    const dilations = pairOf(this.place, "dilation", this.#options.dilation ?? 1, 1);
    return this.#kernel.map((size, k) => (size - 1) * dilations[k]!);
  }

  protected layer(name: string, input: string, image: readonly [...Two, number]): LayerSpec {
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, paddingMode } = this.#options;
    const place = this.place;
    const pads = this.#spans().map((span, k): Two => {
      // PyTorch puts the odd one after, too.
      if (padding === "same") return [Math.floor(span / 2), Math.ceil(span / 2)];
      const ends = padding === "valid" ? 0 : pairOf(place, "padding", padding, 0)[k]!;
      return [ends, ends];
    });
    return convolution({
      name,
      input,
      over: "features",
      inputShape: image,
      filters: this.outChannels,
      kernelSize: this.#kernel,
      strides: pairOf(place, "stride", stride, 1),
      dilations: pairOf(place, "dilation", dilation, 1),
      padding: pads,
      groups,
      bias: bias ? "single" : "none",
      ...(paddingMode !== undefined && { paddingMode }),
    });
  }
}

abstract class Pool2d extends Imaged {
  protected abstract readonly kind: "max" | "average";
  protected readonly place: string;
  readonly #windows: { readonly kernel: Two; readonly strides: Two; readonly pads: Two };
  readonly #countPadding: boolean;

  constructor(
    place: string,
    /** Elements of a window along height and width. */
    readonly kernelSize: Pair,
    known: readonly string[],
    options: number | AvgPool2dOptions | undefined,
    rest: readonly never[],
  ) {
    super();
    this.place = place;
    noMore(place, rest);
    const kernel = pairOf(place, "kernelSize", kernelSize, 1);
    const own = optionsOf<AvgPool2dOptions>(place, options, known, "stride");
    const { stride, padding = 0, ceilMode = false, countIncludePad = true } = own;
    if (ceilMode)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place,
        expected: "ceilMode false",
        got: shown(ceilMode),
        cure: "F.pad the end so that the last window is whole",
      });
    const strides = pairOf(place, "stride", stride ?? kernel, 1);
    const pads = pairOf(place, "padding", padding, 0);
    if (pads.some((one, k) => one > kernel[k]! / 2))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: "padding of at most half of kernelSize",
        got: shown(padding),
        cure: "no window is all padding",
      });
    this.#windows = { kernel, strides, pads };
    this.#countPadding = countIncludePad;
  }

  protected layer(name: string, input: string): LayerSpec {
    const { kernel, strides, pads } = this.#windows;
    return pool({
      name,
      input,
      over: "features",
      kind: this.kind,
      kernelSize: kernel,
      strides,
      padding: pads.map((one): Two => [one, one]),
      countPadding: this.kind === "average" && this.#countPadding,
    });
  }
}

/** `torch.nn.MaxPool2d` on [batch, channels, height, width]. */
export class MaxPool2d extends Pool2d {
  protected readonly kind = "max";

  /**
   * @param kernelSize elements of a window along height and width
   * @param options or `stride` by itself
   */
  constructor(kernelSize: Pair, options?: number | Pool2dOptions, ...rest: never[]) {
    super("nn.MaxPool2d", kernelSize, ["stride", "padding", "ceilMode"], options, rest);
  }
}

/** `torch.nn.AvgPool2d` on [batch, channels, height, width]. */
export class AvgPool2d extends Pool2d {
  protected readonly kind = "average";

  /**
   * @param kernelSize elements of a window along height and width
   * @param options or `stride` by itself
   */
  constructor(kernelSize: Pair, options?: number | AvgPool2dOptions, ...rest: never[]) {
    const known = ["stride", "padding", "ceilMode", "countIncludePad"];
    super("nn.AvgPool2d", kernelSize, known, options, rest);
  }
}
