import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { convolution, pool } from "../specification/build.js";
import type { LayerSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { applied, composed, parts, takes } from "./own-names.js";
import { SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** Options of `nn.Conv1d`, with PyTorch's defaults. */
export interface ConvOptions {
  /** Steps from one window to the next. Default 1. */
  readonly stride?: number;
  /** Steps added at both ends, or `same` or `valid`. Default 0. */
  readonly padding?: number | "same" | "valid";
  /** Steps from one element of a window to the next. Default 1. */
  readonly dilation?: number;
  /** Channels are parted into so many groups. Default 1. */
  readonly groups?: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** What stands in the padding. Default zeros. */
  readonly paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
}

/** Options of the pools, with PyTorch's defaults. */
export interface PoolOptions {
  /** Steps from one window to the next. Default the window's size. */
  readonly stride?: number;
  /** Steps added at both ends. Default 0. */
  readonly padding?: number;
}

/** What they share: windows over the last axis, [batch, channels, time], where specs have channels last. */
export abstract class Windowed extends Module {
  /** What it does to [batch, time, channels]. */
  protected abstract layer(name: string, input: string, channels: number): LayerSpec;

  constructor(protected readonly className: string) {
    super();
  }

  override get [takes](): number {
    return 1;
  }

  /** Composed of transposes and of one operation. */
  protected override get [composed](): boolean {
    return true;
  }

  forward(x: Tensor): Tensor {
    if (x instanceof SymbolicTensor) return x.beyond(`${this.className}, which has channels before time`);
    const { shape } = x;
    if (shape.length !== 2 && shape.length !== 3)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: this.className,
        expected: "an input [batch, channels, time]",
        got: `[${shape.join(", ")}]`,
        cure: "transpose(1, 2) brings channels before time",
      });
    const steps = x.transpose(-1, -2);
    return (this[applied]("overSteps", [steps]) as Tensor).transpose(-1, -2);
  }

  /** @internal The layer over [batch, time, channels], described. */
  overSteps(x: Tensor): SymbolicTensor {
    const graph = currentGraph(this.className);
    graph.mark(this.className, "sequence", true, false);
    const ref = graph.use(this.className, x, { dtype: "float32", features: this.channels });
    const [channels] = graph.featuresOf(ref) as [number];
    const layer = this.layer(graph.layerName("", "windows"), ref, channels);
    const made = graph.append(layer, x, { module: graph.pathOf(this), level: null });
    // It may have another length than what goes in.
    return new SymbolicTensor(graph, made.ref, made.features, false, false);
  }

  /** Axes after time that it wants; null takes any. */
  protected get channels(): readonly number[] | null {
    return null;
  }
}

/** Checks a number of steps. @throws UNROLL_ARGUMENT */
export function steps(place: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `${name} as a whole number of at least 0`,
    got: shown(value),
    cure: "it counts steps",
  });
}

/**
 * `torch.nn.Conv1d` on [batch, inChannels, time]. Weights: `weight` [outChannels, inChannels / groups,
 * kernelSize], `bias` [outChannels].
 */
export class Conv1d extends Windowed {
  readonly #options: ConvOptions;

  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize steps of a window
   * @param options or `stride` by itself
   */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernelSize: number,
    options?: number | ConvOptions,
    ...rest: never[]
  ) {
    const place = "nn.Conv1d";
    super(place);
    noMore(place, rest, "give options by name");
    for (const [name, value] of Object.entries({ inChannels, outChannels, kernelSize }))
      count(place, name, value);
    const known = ["stride", "padding", "dilation", "groups", "bias", "paddingMode"];
    this.#options = { ...optionsOf<ConvOptions>(place, options, known, "stride") };
    const { padding = 0, stride = 1, groups = 1, dilation = 1 } = this.#options;
    for (const [name, value] of Object.entries({ stride, groups, dilation })) count(place, name, value);
    if (padding !== "same" && padding !== "valid") steps(place, "padding", padding);
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `groups that divide ${inChannels} and ${outChannels}`,
        got: `${groups}`,
        cure: "groups are of one size",
      });
    if (padding === "same" && stride !== 1)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: 'stride 1 with padding "same"',
        got: `${stride}`,
        cure: "PyTorch has no other",
      });
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.layer("convolution", "x"), level: null }];
  }

  protected override get channels(): readonly number[] {
    return [this.inChannels];
  }

  protected layer(name: string, input: string): LayerSpec {
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, paddingMode } = this.#options;
    const span = dilation * (this.kernelSize - 1);
    const pads = padding === "valid" ? 0 : padding === "same" ? null : padding;
    // PyTorch puts the odd one after, too.
    const [before, after] = pads === null ? [Math.floor(span / 2), Math.ceil(span / 2)] : [pads, pads];
    const same = stride === 1 && before + after === span;
    return convolution({
      name,
      input,
      inputShape: [this.inChannels],
      filters: this.outChannels,
      kernelSize: [this.kernelSize],
      strides: [stride],
      dilations: [dilation],
      padding: [[before, after]],
      groups,
      bias: bias ? "single" : "none",
      ...(paddingMode !== undefined && { paddingMode }),
      ...(!same && { axis: "windows" }),
    });
  }
}

abstract class Pool1d extends Windowed {
  readonly #options: PoolOptions;

  /**
   * @param kernelSize steps of a window
   * @param options or `stride` by itself
   */
  constructor(
    place: string,
    readonly kernelSize: number,
    options?: number | PoolOptions,
    ...rest: never[]
  ) {
    super(place);
    noMore(place, rest, "give options by name");
    count(place, "kernelSize", kernelSize);
    this.#options = { ...optionsOf<PoolOptions>(place, options, ["stride", "padding"], "stride") };
    count(place, "stride", this.#options.stride ?? kernelSize);
    const padding = steps(place, "padding", this.#options.padding ?? 0);
    if (padding > kernelSize / 2)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: "padding of at most half of kernelSize",
        got: `${padding}`,
        cure: "no window is all padding",
      });
  }

  protected abstract readonly kind: "max" | "average";

  protected layer(name: string, input: string): LayerSpec {
    const { kernelSize, kind } = this;
    const { stride = kernelSize, padding = 0 } = this.#options;
    const same = stride === 1 && 2 * padding === kernelSize - 1;
    return pool({
      name,
      input,
      kind,
      kernelSize: [kernelSize],
      strides: [stride],
      padding: [[padding, padding]],
      countPadding: kind === "average",
      ...(!same && { axis: "windows" }),
    });
  }
}

/** `torch.nn.MaxPool1d` on [batch, channels, time]. */
export class MaxPool1d extends Pool1d {
  protected readonly kind = "max";

  /** @param options or `stride` by itself */
  constructor(kernelSize: number, options?: number | PoolOptions, ...rest: never[]) {
    super("nn.MaxPool1d", kernelSize, options, ...rest);
  }
}

/** `torch.nn.AvgPool1d` on [batch, channels, time]; padding counts as zeros. */
export class AvgPool1d extends Pool1d {
  protected readonly kind = "average";

  /** @param options or `stride` by itself */
  constructor(kernelSize: number, options?: number | PoolOptions, ...rest: never[]) {
    super("nn.AvgPool1d", kernelSize, options, ...rest);
  }
}
