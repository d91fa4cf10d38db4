import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { batchNorm, groupNorm, layerNorm, rmsNorm } from "../specification/build.js";
import type { LayerSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { parts, takes } from "./own-names.js";
import type { SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** Options of `nn.LayerNorm`, with PyTorch's defaults. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether each feature has a `weight`, and a `bias`. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Whether each feature has a `bias`, where it has a weight. Default true. */
  readonly bias?: boolean;
}

/** Options of `nn.RMSNorm`, with PyTorch's defaults. */
export interface RmsNormOptions {
  /** Added to the mean of squares. Default that of float32, 2^-23. */
  readonly eps?: number | null;
  /** Whether each feature has a `weight`. Default true. */
  readonly elementwiseAffine?: boolean;
}

/** Options of `nn.BatchNorm1d`, with PyTorch's defaults. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Without effect: how statistics are gathered in training. */
  readonly momentum?: number | null;
  /** Whether each feature has a `weight` and a `bias`. Default true. */
  readonly affine?: boolean;
  /** Only true: without statistics of training every batch would have its own. */
  readonly trackRunningStats?: boolean;
}

/** Options of `nn.GroupNorm`, with PyTorch's defaults. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether each feature has a `weight` and a `bias`. Default true. */
  readonly affine?: boolean;
}

/** A number above 0. @throws UNROLL_ARGUMENT */
function epsilon(place: string, value: number): number {
  if (typeof value !== "number" || !(value > 0 && value < Infinity))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "eps as a number above 0",
      got: shown(value),
      cure: "leave it out for PyTorch's default",
    });
  return value;
}

/** The size of the only axis. @throws UNROLL_UNSUPPORTED for several */
function lastSize(place: string, shape: number | readonly number[]): number {
  const [size, ...rest] = typeof shape === "number" ? [shape] : shape;
  if (rest.length > 0)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: "normalizedShape of one axis",
      got: shown(shape),
      cure: "normalise over the last axis alone",
    });
  return count(place, "normalizedShape", size!);
}

/** What they share: one layer, on the last axis of one input. */
abstract class Norm extends Module {
  /** @param size of the input's last axis */
  constructor(
    private readonly className: string,
    protected readonly size: number,
  ) {
    super();
  }

  protected abstract layer(name: string, input: string): LayerSpec;

  override [parts](): ModulePart[] {
    return [{ layer: this.layer("norm", "x"), level: null }];
  }

  override get [takes](): number {
    return 1;
  }

  /** Whether PyTorch counts an axis after the batch as the features, so that a sequence has others. */
  protected get ofVectors(): boolean {
    return false;
  }

  forward(x: Tensor): SymbolicTensor {
    const graph = currentGraph(`nn.${this.className}`);
    const path = graph.pathOf(this);
    const place = path || "norm";
    const ref = graph.use(place, x, { dtype: "float32", features: [this.size] });
    if (this.ofVectors) graph.vectors.push({ place: `${this.className} "${place}"`, tensor: x });
    return graph.append(this.layer(graph.layerName(path, "norm"), ref), x, { module: path, level: null });
  }
}

/**
 * `torch.nn.LayerNorm` over the last axis. Weights: `weight` [normalizedShape], `bias` [normalizedShape].
 */
export class LayerNorm extends Norm {
  private readonly options: LayerNormOptions;

  /**
   * @param normalizedShape size of the last axis, alone or as a list of one
   * @param options or `eps` by itself
   */
  constructor(
    normalizedShape: number | readonly number[],
    options?: number | LayerNormOptions,
    ...rest: never[]
  ) {
    const place = "nn.LayerNorm";
    noMore(place, rest);
    super("LayerNorm", lastSize(place, normalizedShape));
    this.options = optionsOf<LayerNormOptions>(place, options, ["eps", "elementwiseAffine", "bias"], "eps");
    epsilon(place, this.options.eps ?? 1e-5);
  }

  protected layer(name: string, input: string): LayerSpec {
    const { eps = 1e-5, elementwiseAffine: scale = true, bias = true } = this.options;
    return layerNorm({
      name,
      input,
      inputSize: this.size,
      epsilon: eps,
      scale,
      center: scale && bias,
    });
  }
}

/** `torch.nn.RMSNorm` over the last axis. Weight: `weight` [normalizedShape]. */
export class RMSNorm extends Norm {
  private readonly options: RmsNormOptions;

  /**
   * @param normalizedShape size of the last axis, alone or as a list of one
   * @param options or `eps` by itself
   */
  constructor(
    normalizedShape: number | readonly number[],
    options?: number | RmsNormOptions,
    ...rest: never[]
  ) {
    const place = "nn.RMSNorm";
    noMore(place, rest);
    super("RMSNorm", lastSize(place, normalizedShape));
    this.options = optionsOf<RmsNormOptions>(place, options, ["eps", "elementwiseAffine"], "eps");
    epsilon(place, this.options.eps ?? 2 ** -23);
  }

  protected layer(name: string, input: string): LayerSpec {
    const { eps, elementwiseAffine: scale = true } = this.options;
    return rmsNorm({ name, input, inputSize: this.size, epsilon: eps ?? 2 ** -23, scale });
  }
}

/**
 * `torch.nn.BatchNorm1d` in eval mode on [batch, numFeatures]. Weights: `weight`, `bias`, `running_mean` and
 * `running_var`, each [numFeatures]; `num_batches_tracked` is not read.
 *
 * PyTorch's takes a sequence as [batch, numFeatures, time], which nothing here has; it is refused.
 */
export class BatchNorm1d extends Norm {
  private readonly options: BatchNormOptions;

  /**
   * @param numFeatures size of the last axis
   * @param options or `eps` by itself
   */
  constructor(
    readonly numFeatures: number,
    options?: number | BatchNormOptions,
    ...rest: never[]
  ) {
    const place = "nn.BatchNorm1d";
    noMore(place, rest);
    super("BatchNorm1d", count(place, "numFeatures", numFeatures));
    const known = ["eps", "momentum", "affine", "trackRunningStats"];
    this.options = optionsOf<BatchNormOptions>(place, options, known, "eps");
    epsilon(place, this.options.eps ?? 1e-5);
    if (this.options.trackRunningStats === false)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place,
        expected: "trackRunningStats true",
        got: "false",
        cure: "PyTorch then takes the statistics of each batch, so that rows would depend on each other",
      });
  }

  protected override get ofVectors(): boolean {
    return true;
  }

  protected layer(name: string, input: string): LayerSpec {
    const { eps = 1e-5, affine = true } = this.options;
    return batchNorm({
      name,
      input,
      inputSize: this.size,
      epsilon: eps,
      scale: affine,
      center: affine,
    });
  }
}

/**
 * `torch.nn.GroupNorm` on [batch, numChannels]. Weights: `weight` [numChannels], `bias` [numChannels].
 *
 * PyTorch's takes a sequence as [batch, numChannels, time] and its means over all steps; it is refused.
 */
export class GroupNorm extends Norm {
  private readonly options: GroupNormOptions;

  /**
   * @param numGroups how many groups of neighbours the features make
   * @param numChannels size of the last axis
   * @param options or `eps` by itself
   */
  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    options?: number | GroupNormOptions,
    ...rest: never[]
  ) {
    const place = "nn.GroupNorm";
    noMore(place, rest);
    super("GroupNorm", count(place, "numChannels", numChannels));
    count(place, "numGroups", numGroups);
    if (numChannels % numGroups !== 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `numGroups as a divisor of ${numChannels}, the channels`,
        got: `${numGroups}`,
        cure: "groups are of one size",
      });
    this.options = optionsOf<GroupNormOptions>(place, options, ["eps", "affine"], "eps");
    epsilon(place, this.options.eps ?? 1e-5);
  }

  protected override get ofVectors(): boolean {
    return true;
  }

  protected layer(name: string, input: string): LayerSpec {
    const { eps = 1e-5, affine = true } = this.options;
    return groupNorm({
      name,
      input,
      inputSize: this.size,
      groups: this.numGroups,
      epsilon: eps,
      scale: affine,
      center: affine,
    });
  }
}
