import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { isHostTensor } from "../contract/tensor.js";
import { noMore, optionsOf } from "./arguments.js";
import type { Mask } from "./attention.js";
import { relu } from "./functional.js";
import { Linear } from "./layers.js";
import { Module } from "./module.js";
import { type AttendOptions, MultiheadAttention } from "./multihead-attention.js";
import { LayerNorm } from "./norms.js";
import { composed, takes } from "./own-names.js";
import { gelu } from "./smooth.js";
import { SymbolicTensor } from "./symbolic.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

/** Options of the layers of transformers, with PyTorch's defaults. */
export interface TransformerLayerOptions {
  /** Size between the two linear layers. Default 2048. */
  readonly dimFeedforward?: number;
  /** Share that training drops; identity here. */
  readonly dropout?: number;
  /** Between the two linear layers: `relu`, the default, `gelu`, a function of tensors, or a module. */
  readonly activation?: "relu" | "gelu" | Module | ((x: Tensor) => Tensor);
  /** Added to the variances of the norms. Default 1e-5. */
  readonly layerNormEps?: number;
  /** Whether sequences are [batch, time, ...]. Default false: [time, batch, ...]. */
  readonly batchFirst?: boolean;
  /** Whether norms come before attention and linear layers, rather than after. Default false. */
  readonly normFirst?: boolean;
  /** Whether linear layers, attention and norms have biases. Default true. */
  readonly bias?: boolean;
}

/** What an encoder does not look at. */
export interface EncodeOptions {
  /** Of a layer: flags of steps that a step does not see, or floats that are added; [time, time]. */
  readonly srcMask?: Mask | null;
  /** Of an encoder: as `srcMask`. */
  readonly mask?: Mask | null;
  /** Flags of steps that no step sees, [batch, time]. */
  readonly srcKeyPaddingMask?: Mask | null;
  /** Whether no step sees a later one. Default false. */
  readonly isCausal?: boolean | null;
}

/** What a decoder does not look at. */
export interface DecodeOptions {
  /** Flags of steps that a step does not see, or floats that are added; [target, target]. */
  readonly tgtMask?: Mask | null;
  /** Flags of the memory's steps that a step does not see, or floats; [target, source]. */
  readonly memoryMask?: Mask | null;
  /** Flags of steps that no step sees, [batch, target]. */
  readonly tgtKeyPaddingMask?: Mask | null;
  /** Flags of the memory's steps that no step sees, [batch, source]. */
  readonly memoryKeyPaddingMask?: Mask | null;
  /** Whether no step sees a later one. Default false. */
  readonly tgtIsCausal?: boolean | null;
  /** Whether no step sees a later one of the memory. Default false. */
  readonly memoryIsCausal?: boolean;
}

const known = ["dimFeedforward", "dropout", "activation", "layerNormEps", "batchFirst", "normFirst", "bias"];

type Activation = Module | ((x: Tensor) => Tensor);

/** Applies a function of tensors, or a module of one input. */
export const applied = (to: Activation, x: Tensor): Tensor =>
  to instanceof Module ? (to as unknown as { call(x: Tensor): Tensor }).call(x) : to(x);

/** @throws UNROLL_ARGUMENT for another name */
function activationOf(place: string, given: unknown): Activation {
  if (given === "relu") return relu;
  if (given === "gelu") return gelu;
  if (typeof given === "function" || given instanceof Module) return given as Activation;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: 'activation "relu", "gelu" or a function',
    got: shown(given),
    cure: "e.g. { activation: F.silu }",
  });
}

/** Options by name, rather than an argument that is one of them. */
const isOptions = (given: unknown): given is Readonly<Record<string, unknown>> =>
  isRecord(given) && !isHostTensor(given);

/**
 * Arguments one by one in PyTorch's order, those after them by name.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of, for one that is given twice, and for arguments
 *   behind options
 */
export function named<Options extends object>(
  place: string,
  given: readonly unknown[],
  order: readonly (keyof Options & string)[],
): Options {
  const at = given.findIndex(isOptions);
  const ordered = at < 0 ? given : given.slice(0, at);
  noMore(place, ordered.slice(order.length));
  const first = Object.fromEntries(ordered.map((one, k) => [order[k]!, one]));
  if (at < 0) return optionsOf<Options>(place, first, order);
  noMore(
    place,
    given.slice(at + 1).filter((one) => one !== undefined),
  );
  const rest = optionsOf<Options>(place, given[at], order);
  const twice = Object.keys(first).find((name) => Object.hasOwn(rest, name));
  if (twice !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `${twice} once`,
      got: "it in its place and by name",
      cure: "leave one of them out",
    });
  return { ...first, ...rest };
}

/** Options of a decoder, in PyTorch's order. */
export const decodeOrder = [
  "tgtMask",
  "memoryMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
  "tgtIsCausal",
  "memoryIsCausal",
] as const;

/** What layers of both kinds have. */
abstract class TransformerLayer extends Module {
  /** Attention of the sequence to itself. */
  readonly selfAttn: MultiheadAttention;
  /** The first linear layer. */
  readonly linear1: Linear;
  /** The second linear layer. */
  readonly linear2: Linear;
  /** Whether norms come first. */
  readonly normFirst: boolean;
  /** Between the two linear layers. */
  readonly activation: Activation;

  constructor(
    protected readonly place: string,
    /** Size of each step. */
    readonly dModel: number,
    /** Heads of the attention. */
    readonly nhead: number,
    /** @internal How it was made, for layers like it. */
    readonly options: TransformerLayerOptions,
  ) {
    super();
    const { dimFeedforward = 2048, activation = "relu", normFirst = false, bias = true } = options;
    this.selfAttn = this.heads();
    this.linear1 = new Linear(dModel, dimFeedforward, { bias });
    this.linear2 = new Linear(dimFeedforward, dModel, { bias });
    this.normFirst = normFirst;
    this.activation = activationOf(place, activation);
  }

  protected override get [composed](): boolean {
    return true;
  }

  protected heads(): MultiheadAttention {
    const { batchFirst = false, bias = true } = this.options;
    return new MultiheadAttention(this.dModel, this.nhead, { batchFirst, bias });
  }

  protected norm(): LayerNorm {
    const { layerNormEps: eps = 1e-5, bias = true } = this.options;
    return new LayerNorm(this.dModel, { eps, bias });
  }

  /** A part with the sequence around it, normalised before or after. */
  protected around(x: Tensor, norm: LayerNorm, part: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? x.add(part(norm.call(x))) : norm.call(x.add(part(x)));
  }

  /** Attention to the memory, or to the sequence itself, in its place. */
  protected attend(
    x: Tensor,
    norm: LayerNorm,
    heads: MultiheadAttention,
    memory: Tensor | null,
    how: AttendOptions,
  ): Tensor {
    // A spec has one time axis, and a memory may be of another length.
    if (memory && x instanceof SymbolicTensor) return x.beyond(this.place);
    return this.around(x, norm, (own) => {
      const seen = memory ?? own;
      return heads.call(own, seen, seen, { ...how, needWeights: false })[0];
    });
  }

  protected feedForward(x: Tensor): Tensor {
    return this.linear2.call(applied(this.activation, this.linear1.call(x)));
  }
}

/**
 * `torch.nn.TransformerEncoderLayer` in eval mode. Weights: those of `selfAttn`, `linear1`, `linear2`,
 * `norm1` and `norm2`.
 *
 * Steps that `srcKeyPaddingMask` leaves out are computed like all others; what PyTorch has there depends on
 * whether it takes its fast path.
 */
export class TransformerEncoderLayer extends TransformerLayer {
  /** Around the attention. */
  readonly norm1: LayerNorm;
  /** Around the linear layers. */
  readonly norm2: LayerNorm;

  /**
   * @param dModel size of each step
   * @param nhead heads of the attention, a divisor of dModel
   * @param options or `dimFeedforward` by itself
   */
  constructor(dModel: number, nhead: number, options?: number | TransformerLayerOptions, ...rest: never[]) {
    const place = "nn.TransformerEncoderLayer";
    noMore(place, rest);
    super(place, dModel, nhead, optionsOf<TransformerLayerOptions>(place, options, known, "dimFeedforward"));
    this.norm1 = this.norm();
    this.norm2 = this.norm();
  }

  override get [takes](): number {
    return 4;
  }

  /** @internal Another of the same options. */
  like(): TransformerEncoderLayer {
    return new TransformerEncoderLayer(this.dModel, this.nhead, this.options);
  }

  /**
   * @param src [time, batch, dModel], or [batch, time, dModel] if `batchFirst`
   * @param srcMask see {@link EncodeOptions}; or all of them by name
   * @param srcKeyPaddingMask see {@link EncodeOptions}
   * @param isCausal see {@link EncodeOptions}
   */
  forward(
    src: Tensor,
    srcMask?: Mask | EncodeOptions | null,
    srcKeyPaddingMask?: Mask | null,
    isCausal?: boolean | null,
  ): Tensor {
    const given = [srcMask, srcKeyPaddingMask, isCausal];
    const how = named<EncodeOptions>(this.place, given, ["srcMask", "srcKeyPaddingMask", "isCausal"]);
    return this.encode(tensorOf(this.place, src), how);
  }

  /** @internal It as one of several. */
  encode(src: Tensor, { srcMask, srcKeyPaddingMask, isCausal }: EncodeOptions): Tensor {
    const attended = this.attend(src, this.norm1, this.selfAttn, null, {
      attnMask: srcMask ?? null,
      keyPaddingMask: srcKeyPaddingMask ?? null,
      isCausal: isCausal ?? false,
    });
    return this.around(attended, this.norm2, (x) => this.feedForward(x));
  }
}

/**
 * `torch.nn.TransformerDecoderLayer` in eval mode. Weights: those of `selfAttn`, `multiheadAttn`, `linear1`,
 * `linear2`, `norm1`, `norm2` and `norm3`.
 */
export class TransformerDecoderLayer extends TransformerLayer {
  /** Attention to the memory. */
  readonly multiheadAttn: MultiheadAttention;
  /** Around the attention to itself. */
  readonly norm1: LayerNorm;
  /** Around the attention to the memory. */
  readonly norm2: LayerNorm;
  /** Around the linear layers. */
  readonly norm3: LayerNorm;

  /**
   * @param dModel size of each step, of the memory too
   * @param nhead heads of each attention, a divisor of dModel
   * @param options or `dimFeedforward` by itself
   */
  constructor(dModel: number, nhead: number, options?: number | TransformerLayerOptions, ...rest: never[]) {
    const place = "nn.TransformerDecoderLayer";
    noMore(place, rest);
    super(place, dModel, nhead, optionsOf<TransformerLayerOptions>(place, options, known, "dimFeedforward"));
    this.multiheadAttn = this.heads();
    this.norm1 = this.norm();
    this.norm2 = this.norm();
    this.norm3 = this.norm();
  }

  override get [takes](): number {
    return 8;
  }

  /** @internal Another of the same options. */
  like(): TransformerDecoderLayer {
    return new TransformerDecoderLayer(this.dModel, this.nhead, this.options);
  }

  /**
   * @param tgt [target, batch, dModel], or [batch, target, dModel] if `batchFirst`
   * @param memory [source, batch, dModel], or [batch, source, dModel], what an encoder gave
   * @param tgtMask see {@link DecodeOptions}; or all of them by name
   * @param memoryMask see {@link DecodeOptions}
   * @param tgtKeyPaddingMask see {@link DecodeOptions}
   * @param memoryKeyPaddingMask see {@link DecodeOptions}
   * @param tgtIsCausal see {@link DecodeOptions}
   * @param memoryIsCausal see {@link DecodeOptions}
   */
  forward(
    tgt: Tensor,
    memory: Tensor,
    tgtMask?: Mask | DecodeOptions | null,
    memoryMask?: Mask | null,
    tgtKeyPaddingMask?: Mask | null,
    memoryKeyPaddingMask?: Mask | null,
    tgtIsCausal?: boolean | null,
    memoryIsCausal?: boolean,
  ): Tensor {
    const given = [tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal];
    return this.decode(
      tensorOf(this.place, tgt),
      tensorOf(this.place, memory),
      named<DecodeOptions>(this.place, given, decodeOrder),
    );
  }

  /** @internal It as one of several. */
  decode(tgt: Tensor, memory: Tensor, how: DecodeOptions): Tensor {
    const own = this.attend(tgt, this.norm1, this.selfAttn, null, {
      attnMask: how.tgtMask ?? null,
      keyPaddingMask: how.tgtKeyPaddingMask ?? null,
      isCausal: how.tgtIsCausal ?? false,
    });
    const crossed = this.attend(own, this.norm2, this.multiheadAttn, memory, {
      attnMask: how.memoryMask ?? null,
      keyPaddingMask: how.memoryKeyPaddingMask ?? null,
      isCausal: how.memoryIsCausal ?? false,
    });
    return this.around(crossed, this.norm3, (x) => this.feedForward(x));
  }
}
