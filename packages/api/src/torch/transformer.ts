import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { later, type Mask } from "./attention.js";
import { count } from "./layers.js";
import { Module } from "./module.js";
import { LayerNorm } from "./norms.js";
import { composed, takes } from "./own-names.js";
import { SymbolicTensor } from "./symbolic.js";
import { zeros } from "./tensor/creation.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";
import {
  named,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./transformer-layers.js";
import { TransformerDecoder, TransformerEncoder } from "./transformer-stacks.js";

/** Options of `nn.Transformer`, with PyTorch's defaults. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Size of each step. Default 512. */
  readonly dModel?: number;
  /** Heads of each attention, a divisor of `dModel`. Default 8. */
  readonly nhead?: number;
  /** How many layers the encoder has. Default 6. */
  readonly numEncoderLayers?: number;
  /** How many layers the decoder has. Default 6. */
  readonly numDecoderLayers?: number;
  /** In the place of the encoder: called with what it would be, options by name. */
  readonly customEncoder?: Module | null;
  /** In the place of the decoder: called with what it would be, options by name. */
  readonly customDecoder?: Module | null;
}

/** What a transformer does not look at. */
export interface TransformOptions {
  /** Flags of steps that a step does not see, or floats that are added; [source, source]. */
  readonly srcMask?: Mask | null;
  /** The same of the target; [target, target]. */
  readonly tgtMask?: Mask | null;
  /** The same of what the encoder gave, for each step of the target; [target, source]. */
  readonly memoryMask?: Mask | null;
  /** Flags of steps that no step sees, [batch, source]. */
  readonly srcKeyPaddingMask?: Mask | null;
  /** The same of the target, [batch, target]. */
  readonly tgtKeyPaddingMask?: Mask | null;
  /** The same of what the encoder gave, [batch, source]. */
  readonly memoryKeyPaddingMask?: Mask | null;
  /** Whether no step of the source sees a later one. Default false. */
  readonly srcIsCausal?: boolean | null;
  /** Whether no step of the target sees a later one. Default false. */
  readonly tgtIsCausal?: boolean | null;
  /** Whether no step of the target sees a later one of the source. Default false. */
  readonly memoryIsCausal?: boolean;
}

const made = [
  "dModel",
  "nhead",
  "numEncoderLayers",
  "numDecoderLayers",
  "dimFeedforward",
  "dropout",
  "activation",
  "customEncoder",
  "customDecoder",
  "layerNormEps",
  "batchFirst",
  "normFirst",
  "bias",
] as const;

const called = [
  "srcMask",
  "tgtMask",
  "memoryMask",
  "srcKeyPaddingMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
  "srcIsCausal",
  "tgtIsCausal",
  "memoryIsCausal",
] as const;

/** An argument in its place, or options in the place of it and all after it. */
type Or<T> = T | TransformerOptions;

const place = "nn.Transformer";

/**
 * `torch.nn.Transformer` in eval mode: an encoder of the source, and a decoder of the target that looks at
 * what it gave, each with a norm after its last layer. Weights: those of `encoder` and `decoder`.
 */
export class Transformer extends Module {
  /** Of the source. */
  readonly encoder: Module;
  /** Of the target. */
  readonly decoder: Module;
  /** Size of each step. */
  readonly dModel: number;
  /** Heads of each attention. */
  readonly nhead: number;
  /** Whether sequences are [batch, time, ...] rather than [time, batch, ...]. */
  readonly batchFirst: boolean;

  /**
   * Arguments in PyTorch's order; options by name, {@link TransformerOptions}, may stand in the place of any
   * and all after it.
   *
   * @throws UNROLL_ARGUMENT for sizes that are none, and for what is no module as encoder or decoder
   */
  constructor(
    dModel?: Or<number>,
    nhead?: Or<number>,
    numEncoderLayers?: Or<number>,
    numDecoderLayers?: Or<number>,
    dimFeedforward?: Or<number>,
    dropout?: Or<number>,
    activation?: Or<TransformerLayerOptions["activation"]>,
    customEncoder?: Or<Module> | null,
    customDecoder?: Or<Module> | null,
    ...more: readonly (number | boolean | TransformerOptions)[]
  ) {
    super();
    const own = [dModel, nhead, numEncoderLayers, numDecoderLayers, dimFeedforward, dropout, activation];
    const {
      customEncoder: encoder,
      customDecoder: decoder,
      ...options
    } = named<TransformerOptions>(place, [...own, customEncoder, customDecoder, ...more], made);
    const { numEncoderLayers: encoders = 6, numDecoderLayers: decoders = 6, ...sizes } = options;
    const { dModel: size = 512, nhead: heads = 8, ...of } = sizes;
    // Looked at before any layer is made, whose error would have another name.
    [this.dModel, this.nhead] = [count(place, "dModel", size), count(place, "nhead", heads)];
    this.batchFirst = of.batchFirst ?? false;
    const norm = (): LayerNorm =>
      new LayerNorm(size, { eps: of.layerNormEps ?? 1e-5, bias: of.bias ?? true });
    this.encoder =
      customGiven("customEncoder", encoder) ??
      new TransformerEncoder(
        new TransformerEncoderLayer(size, heads, of),
        count(place, "numEncoderLayers", encoders),
        norm(),
      );
    this.decoder =
      customGiven("customDecoder", decoder) ??
      new TransformerDecoder(
        new TransformerDecoderLayer(size, heads, of),
        count(place, "numDecoderLayers", decoders),
        norm(),
      );
  }

  /**
   * -∞ for each step after a step, and 0 elsewhere, which added to the scores hides what is to come: [size,
   * size].
   *
   * @throws UNROLL_ARGUMENT for what is no size
   */
  static generateSquareSubsequentMask(size: number): Tensor {
    const steps = count("generateSquareSubsequentMask", "size", size);
    return zeros(steps, steps).maskedFill(later(steps, steps), -Infinity);
  }

  override get [takes](): number {
    return 11;
  }

  protected override get [composed](): boolean {
    return true;
  }

  /** As {@link Transformer.generateSquareSubsequentMask}, which Python finds on each transformer too. */
  generateSquareSubsequentMask(size: number): Tensor {
    return Transformer.generateSquareSubsequentMask(size);
  }

  /**
   * @param src [source, batch, dModel], or [batch, source, dModel] if `batchFirst`; or without batch
   * @param tgt [target, batch, dModel], or [batch, target, dModel]; or without batch
   * @param srcMask see {@link TransformOptions}; or it and all after it by name
   * @param tgtMask see {@link TransformOptions}
   * @param memoryMask see {@link TransformOptions}
   * @param srcKeyPaddingMask see {@link TransformOptions}
   * @param tgtKeyPaddingMask see {@link TransformOptions}
   * @param memoryKeyPaddingMask see {@link TransformOptions}
   * @param isCausal `srcIsCausal`, `tgtIsCausal` and `memoryIsCausal`, see {@link TransformOptions}
   * @returns as tgt
   * @throws UNROLL_SHAPE for a source and a target that don't fit each other
   */
  forward(
    src: Tensor,
    tgt: Tensor,
    srcMask?: Mask | TransformOptions | null,
    tgtMask?: Mask | TransformOptions | null,
    memoryMask?: Mask | TransformOptions | null,
    srcKeyPaddingMask?: Mask | TransformOptions | null,
    tgtKeyPaddingMask?: Mask | TransformOptions | null,
    memoryKeyPaddingMask?: Mask | TransformOptions | null,
    ...isCausal: readonly (boolean | TransformOptions | null)[]
  ): Tensor {
    const masks = [srcMask, tgtMask, memoryMask, srcKeyPaddingMask, tgtKeyPaddingMask, memoryKeyPaddingMask];
    const how = named<TransformOptions>(place, [...masks, ...isCausal], called);
    const [source, target] = [tensorOf(place, src), tensorOf(place, tgt)];
    // A spec has one time axis, and a source may be of another length.
    if (source instanceof SymbolicTensor) return source.beyond(place);
    this.#assertFit(source, target);
    const memory = callOf(this.encoder)(source, {
      mask: how.srcMask ?? null,
      srcKeyPaddingMask: how.srcKeyPaddingMask ?? null,
      isCausal: how.srcIsCausal ?? null,
    });
    return callOf(this.decoder)(target, memory, {
      tgtMask: how.tgtMask ?? null,
      memoryMask: how.memoryMask ?? null,
      tgtKeyPaddingMask: how.tgtKeyPaddingMask ?? null,
      memoryKeyPaddingMask: how.memoryKeyPaddingMask ?? null,
      tgtIsCausal: how.tgtIsCausal ?? null,
      memoryIsCausal: how.memoryIsCausal ?? false,
    });
  }

  #assertFit(src: Tensor, tgt: Tensor): void {
    const { dModel, batchFirst } = this;
    const rank = src.dim();
    const axes =
      rank === 2 ? "[time, dModel]" : batchFirst ? "[batch, time, dModel]" : "[time, batch, dModel]";
    const rows = batchFirst ? 0 : 1;
    const fits =
      (rank === 2 || rank === 3) &&
      tgt.dim() === rank &&
      src.size(-1) === dModel &&
      tgt.size(-1) === dModel &&
      (rank === 2 || src.size(rows) === tgt.size(rows));
    if (!fits)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: `source and target ${axes} of dModel ${dModel}, in as many rows`,
        got: `${shownShape(src.shape)} and ${shownShape(tgt.shape)}`,
        cure: "batchFirst says which axis holds the rows",
      });
  }
}

const callOf =
  (module: Module) =>
  (...given: readonly unknown[]): Tensor =>
    (module as unknown as { call(...given: readonly unknown[]): Tensor }).call(...given);

/** A module or nothing. @throws UNROLL_ARGUMENT */
function customGiven(name: string, given: unknown): Module | null {
  if (given === null || given === undefined) return null;
  if (given instanceof Module) return given;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `a module or null as ${name}`,
    got: typeof given === "object" ? kindOf(given) : shown(given),
    cure: "leave it out for the one that is made of layers",
  });
}
