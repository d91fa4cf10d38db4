import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { noMore, optionsOf } from "./arguments.js";
import type { Mask } from "./attention.js";
import { ModuleList } from "./containers.js";
import { count } from "./layers.js";
import { Module } from "./module.js";
import { composed, takes } from "./own-names.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";
import {
  applied,
  type DecodeOptions,
  decodeOrder,
  type EncodeOptions,
  named,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from "./transformer-layers.js";

/** What stacks of layers share: so many layers like the given one, and a norm after the last. */
abstract class TransformerStack extends Module {
  /** The layers, in order. */
  readonly layers: ModuleList;
  /** After the last layer; null without one. */
  readonly norm: Module | null;

  constructor(
    protected readonly place: string,
    like: TransformerEncoderLayer | TransformerDecoderLayer,
    /** How many layers there are. */
    readonly numLayers: number,
    norm: unknown,
  ) {
    super();
    count(place, "numLayers", numLayers);
    if (norm !== null && norm !== undefined && !(norm instanceof Module))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: "a module or null as norm",
        got: kindOf(norm),
        cure: "e.g. new nn.LayerNorm(512)",
      });
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => copied(like)));
    this.norm = norm ?? null;
  }

  protected override get [composed](): boolean {
    return true;
  }

  protected normed(x: Tensor): Tensor {
    return this.norm ? applied(this.norm, x) : x;
  }
}

/** A layer of the same options and values: PyTorch copies the one that it is given. */
function copied(like: TransformerEncoderLayer | TransformerDecoderLayer): Module {
  const made = like.like();
  made.loadStateDict(like.stateDict(), { strict: false });
  return made;
}

/** `torch.nn.TransformerEncoder` in eval mode: layers one after the other, `layers.0` on, and `norm`. */
export class TransformerEncoder extends TransformerStack {
  /**
   * @param encoderLayer what the layers are like; it is copied
   * @param numLayers how many there are
   * @param options `norm` by itself, or by name with `enableNestedTensor` and `maskCheck`, which are about
   *   speed in PyTorch and without effect here
   */
  constructor(
    encoderLayer: TransformerEncoderLayer,
    numLayers: number,
    options?: Module | { norm?: Module | null; enableNestedTensor?: boolean; maskCheck?: boolean } | null,
    ...rest: never[]
  ) {
    const place = "nn.TransformerEncoder";
    noMore(place, rest);
    layerGiven(place, encoderLayer, TransformerEncoderLayer);
    super(
      place,
      encoderLayer,
      numLayers,
      normGiven(place, options, ["norm", "enableNestedTensor", "maskCheck"]),
    );
  }

  override get [takes](): number {
    return 4;
  }

  /**
   * @param src [time, batch, dModel], or [batch, time, dModel] if `batchFirst`
   * @param mask see {@link EncodeOptions}; or all of them by name
   * @param srcKeyPaddingMask see {@link EncodeOptions}
   * @param isCausal see {@link EncodeOptions}
   */
  forward(
    src: Tensor,
    mask?: Mask | EncodeOptions | null,
    srcKeyPaddingMask?: Mask | null,
    isCausal?: boolean | null,
  ): Tensor {
    const given = [mask, srcKeyPaddingMask, isCausal];
    const how = named<EncodeOptions>(this.place, given, ["mask", "srcKeyPaddingMask", "isCausal"]);
    const own = { ...how, srcMask: how.mask ?? null };
    const layers = [...this.layers] as TransformerEncoderLayer[];
    return this.normed(layers.reduce<Tensor>((x, layer) => layer.encode(x, own), tensorOf(this.place, src)));
  }
}

/** `torch.nn.TransformerDecoder` in eval mode: layers one after the other, `layers.0` on, and `norm`. */
export class TransformerDecoder extends TransformerStack {
  /**
   * @param decoderLayer what the layers are like; it is copied
   * @param numLayers how many there are
   * @param options `norm`, by itself or by name
   */
  constructor(
    decoderLayer: TransformerDecoderLayer,
    numLayers: number,
    options?: Module | { norm?: Module | null } | null,
    ...rest: never[]
  ) {
    const place = "nn.TransformerDecoder";
    noMore(place, rest);
    layerGiven(place, decoderLayer, TransformerDecoderLayer);
    super(place, decoderLayer, numLayers, normGiven(place, options, ["norm"]));
  }

  override get [takes](): number {
    return 8;
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
    const how = named<DecodeOptions>(this.place, given, decodeOrder);
    const source = tensorOf(this.place, memory);
    const layers = [...this.layers] as TransformerDecoderLayer[];
    return this.normed(
      layers.reduce<Tensor>((x, layer) => layer.decode(x, source, how), tensorOf(this.place, tgt)),
    );
  }
}

/** @throws UNROLL_ARGUMENT for what is no layer of the kind */
function layerGiven(place: string, given: unknown, kind: abstract new (...of: never[]) => Module): void {
  if (!(given instanceof kind))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `a layer, nn.${kind.name}`,
      got: kindOf(given),
      cure: "it is copied as often as numLayers says",
    });
}

const normGiven = (place: string, given: unknown, options: readonly string[]): unknown =>
  given instanceof Module ? given : optionsOf<{ norm?: unknown }>(place, given, options).norm;
