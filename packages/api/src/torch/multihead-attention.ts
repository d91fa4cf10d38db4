import { unrollError } from "../contract/error.js";
import { multiHeadAttention } from "../specification/build.js";
import { noMore, optionsOf } from "./arguments.js";
import { attended, later, type Mask } from "./attention.js";
import { linear } from "./functional.js";
import { currentGraph, type Graph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { applied, composed, parts, takes, weightAt } from "./own-names.js";
import type { PackedSequence } from "./packed.js";
import { isPacked, SymbolicTensor, SymbolicWeights } from "./symbolic.js";
import { shownShape } from "./tensor/sizes.js";
import { Tensor, tensorOf } from "./tensor/tensor.js";

/** Options of `nn.MultiheadAttention`, with PyTorch's defaults. */
export interface MultiheadAttentionOptions {
  /** Dropout of the weights in training; identity here. Default 0. */
  readonly dropout?: number;
  /** Whether there are biases. Default true. */
  readonly bias?: boolean;
  /** Size of the keys. Default `embedDim`. */
  readonly kdim?: number;
  /** Size of the values. Default `embedDim`. */
  readonly vdim?: number;
  /** Whether sequences are [batch, time, ...]. Default false: [time, batch, ...]. */
  readonly batchFirst?: boolean;
}

/** How `nn.MultiheadAttention` is called, beside query, key and value. */
export interface AttendOptions {
  /** Whether the weights, averaged over heads, are the second result rather than null. Default true. */
  readonly needWeights?: boolean;
  /** Whether a step sees no step after it; in PyTorch `attn_mask` has to say so as well. Default false. */
  readonly isCausal?: boolean;
  /** Flags of keys that are not looked at, or floats that are added to the scores: [batch, source]. */
  readonly keyPaddingMask?: Mask | null;
  /** The same for each step of the query: [target, source], or [batch · heads, target, source]. */
  readonly attnMask?: Mask | null;
  /** Whether the weights are averaged over heads, rather than [batch, heads, ...]. Default true. */
  readonly averageAttnWeights?: boolean;
}

const hows = ["needWeights", "isCausal", "keyPaddingMask", "attnMask", "averageAttnWeights"];

const options = ["dropout", "bias", "kdim", "vdim", "batchFirst"];

/**
 * `torch.nn.MultiheadAttention`. Weights: `in_proj_weight` [3 embedDim, embedDim], or `q_proj_weight`,
 * `k_proj_weight`, `v_proj_weight` where keys or values have sizes of their own; `in_proj_bias` [3 embedDim];
 * `out_proj.weight` [embedDim, embedDim], `out_proj.bias` [embedDim].
 *
 * Without masks it is part of a spec, where query, key and value run along one time axis; with packed
 * sequences nothing past a row's end is looked at there, and the output is zero. With masks, and keys of
 * another length, it is computed at once or traced.
 */
export class MultiheadAttention extends Module {
  /** Whether there are biases. */
  readonly bias: boolean;
  /** Size of the keys. */
  readonly kdim: number;
  /** Size of the values. */
  readonly vdim: number;
  /** Whether sequences are [batch, time, ...] rather than [time, batch, ...]. */
  readonly batchFirst: boolean;

  /**
   * @param embedDim size of query and output; all heads together
   * @param numHeads how many heads there are; a divisor of embedDim
   * @param given see {@link MultiheadAttentionOptions}
   */
  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    given?: number | MultiheadAttentionOptions,
    ...rest: never[]
  ) {
    super();
    const place = "nn.MultiheadAttention";
    noMore(place, rest);
    count(place, "embedDim", embedDim);
    count(place, "numHeads", numHeads);
    if (embedDim % numHeads !== 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `numHeads that divides embedDim ${embedDim}`,
        got: `${numHeads}`,
        cure: "all heads have one size",
      });
    const known = optionsOf<MultiheadAttentionOptions>(place, given, options, "dropout");
    this.bias = known.bias ?? true;
    this.kdim = count(place, "kdim", known.kdim ?? embedDim);
    this.vdim = count(place, "vdim", known.vdim ?? embedDim);
    this.batchFirst = known.batchFirst ?? false;
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.#layer("attention", "q", "k", "v", false), level: null }];
  }

  override get [takes](): number {
    return 4;
  }

  protected override get [composed](): boolean {
    return true;
  }

  /**
   * @param query [target, batch, embedDim], or [batch, target, embedDim] if `batchFirst`
   * @param key as query, of `kdim`, along the source
   * @param value as key, of `vdim`
   * @param how see {@link AttendOptions}; a tensor is `keyPaddingMask`
   * @returns the output, as query, and the weights, averaged over heads [batch, target, source]
   */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    how: AttendOptions | Tensor = {},
    ...rest: never[]
  ): [output: SymbolicTensor, weights: SymbolicWeights | null] {
    const place = "nn.MultiheadAttention";
    noMore(place, rest);
    const options = how instanceof Tensor ? { keyPaddingMask: how } : how;
    const known = optionsOf<AttendOptions>(place, options, hows);
    const {
      needWeights = true,
      isCausal = false,
      keyPaddingMask,
      attnMask,
      averageAttnWeights = true,
    } = known;
    const given = [query, key, value] as const;
    const described = given.find((one) => one instanceof SymbolicTensor);
    const plain =
      (keyPaddingMask ?? null) === null &&
      (attnMask ?? null) === null &&
      (averageAttnWeights || !needWeights);
    if (described) return plain ? this.describe(...given, needWeights, isCausal) : described.beyond("masks");
    if (plain && alongOne(given))
      // One operation, the model of the spec.
      return this[applied]("describe", [...given, needWeights, isCausal]) as ReturnType<this["describe"]>;
    const tensors = given.map((one) => tensorOf(place, one)) as [Tensor, Tensor, Tensor];
    return this.attend(tensors, known) as unknown as ReturnType<this["describe"]>;
  }

  /** @internal It as a layer of the spec that is being described. */
  describe(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    needWeights: boolean,
    isCausal: boolean,
  ): [output: SymbolicTensor, weights: SymbolicWeights | null] {
    const graph = currentGraph("nn.MultiheadAttention");
    const path = graph.pathOf(this);
    const place = path || "attention";
    graph.mark(place, "sequence", this.batchFirst, isPacked(query));
    const use = (x: Tensor, size: number): string =>
      graph.use(place, x, { dtype: "float32", features: [size] });
    const refs = [use(query, this.embedDim), use(key, this.kdim), use(value, this.vdim)] as const;
    for (const one of [query, key, value]) assertSequence(graph, place, one);
    graph.crossed ||= refs.some((ref) => ref !== refs[0]);
    const layer = this.#layer(graph.layerName(path, "attention"), ...refs, isCausal);
    const output = graph.append(layer, query, { module: path, level: null });
    return [
      output,
      needWeights ? new SymbolicWeights(graph, `${layer.name}.weights`, [], false, false) : null,
    ];
  }

  /** @internal It by single operations, with masks, and with keys of another length. */
  attend(
    given: readonly [query: Tensor, key: Tensor, value: Tensor],
    { needWeights = true, isCausal = false, averageAttnWeights = true, ...masks }: AttendOptions,
  ): [output: Tensor, weights: Tensor | null] {
    const { embedDim, numHeads, kdim, vdim, batchFirst } = this;
    const batched = given[0].dim() !== 2;
    const rows = given.map((x, k) => {
      const size = [embedDim, kdim, vdim][k]!;
      if (x.dim() !== (batched ? 3 : 2) || x.size(-1) !== size)
        refuse(`${["query", "key", "value"][k]!} of 2 or 3 axes, the last ${size}`, x.shape);
      return !batched ? x.unsqueeze(0) : batchFirst ? x : x.transpose(0, 1);
    }) as [Tensor, Tensor, Tensor];
    const [q, k, v] = rows;
    const [batch, target, source] = [q.size(0), q.size(1), k.size(1)];
    if (k.size(0) !== batch || v.size(0) !== batch || v.size(1) !== source)
      refuse("keys and values of one length, in as many rows as queries", given[1].shape, given[2].shape);
    const heads = rows.map((x, part) =>
      linear(x, ...this.#projection(part))
        .view(batch, -1, numHeads, embedDim / numHeads)
        .transpose(1, 2),
    ) as [Tensor, Tensor, Tensor];
    const scale = Math.sqrt(numHeads / embedDim);
    const all = masksOf(masks, isCausal, [batch, numHeads, target, source]);
    // PyTorch's two ways differ for a row that looks at nothing.
    const [mixed, weights] = attended(heads, all, scale, !needWeights);
    const joined = mixed.transpose(1, 2).reshape(batch, target, embedDim);
    const bias = this.bias ? this[weightAt]("out_proj.bias") : null;
    const output = linear(joined, this[weightAt]("out_proj.weight"), bias);
    const shares = averageAttnWeights ? weights.mean(1) : weights;
    return [
      !batched ? output.squeeze(0) : batchFirst ? output : output.transpose(0, 1),
      needWeights ? (batched ? shares : shares.squeeze(0)) : null,
    ];
  }

  /** Weight and bias of the query's, the key's or the value's projection. */
  #projection(k: number): [weight: Tensor, bias: Tensor | null] {
    const { embedDim, kdim, vdim } = this;
    const part = (name: string): Tensor => this[weightAt](name).narrow(0, k * embedDim, embedDim);
    const apart = kdim !== embedDim || vdim !== embedDim;
    const weight = apart ? this[weightAt](`${"qkv"[k]!}_proj_weight`) : part("in_proj_weight");
    return [weight, this.bias ? part("in_proj_bias") : null];
  }

  #layer(name: string, query: string, key: string, value: string, causal: boolean): ModulePart["layer"] {
    const { embedDim, numHeads, kdim, vdim, bias } = this;
    return multiHeadAttention({
      name,
      query,
      key,
      value,
      inputSize: embedDim,
      keySize: kdim,
      valueSize: vdim,
      heads: numHeads,
      headSize: embedDim / numHeads,
      bias: bias ? "single" : "none",
      causal,
    });
  }
}

function assertSequence(graph: Graph, place: string, x: Tensor): void {
  if (x instanceof SymbolicTensor && !x.sequence)
    graph.refuse("UNROLL_UNSUPPORTED", place, "sequences", "a value without time", "it looks at steps");
}

const refuse = (expected: string, ...got: readonly (readonly number[])[]): never => {
  throw unrollError({
    code: "UNROLL_SHAPE",
    place: "nn.MultiheadAttention",
    expected,
    got: got.map(shownShape).join(" and "),
    cure: "batchFirst says which axis holds the rows",
  });
};

/** Whether all run along one time axis, as in a spec: packed ones do. */
function alongOne(given: readonly (Tensor | PackedSequence)[]): boolean {
  const [first] = given;
  return given.every(
    (one) =>
      !(one instanceof Tensor) ||
      !(first instanceof Tensor) ||
      one.shape.slice(0, -1).join() === first.shape.slice(0, -1).join(),
  );
}

/** Masks as they stretch to [batch, heads, target, source]. @throws UNROLL_SHAPE, UNROLL_DTYPE */
function masksOf(
  { keyPaddingMask, attnMask }: AttendOptions,
  isCausal: boolean,
  [batch, heads, target, source]: readonly [number, number, number, number],
): Tensor[] {
  const place = "nn.MultiheadAttention";
  const own = (name: string, given: Mask, shapes: readonly (readonly number[])[]): Tensor => {
    const mask = tensorOf(`${place} ${name}`, given);
    if (!shapes.some((shape) => shape.join() === mask.shape.join()))
      refuse(`${name} ${shapes.map(shownShape).join(" or ")}`, mask.shape);
    if (mask.dtype !== "int32") return mask;
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: `${name} of flags or floats`,
      got: mask.dtype,
      cure: "bool() makes flags, float() what is added",
    });
  };
  const [keyMask, pairMask] = [keyPaddingMask ?? null, attnMask ?? null];
  const keys =
    keyMask !== null
      ? own("keyPaddingMask", keyMask, [[batch, source], ...(batch === 1 ? [[source]] : [])])
      : null;
  const shapes = [
    [target, source],
    [batch * heads, target, source],
  ];
  const pairs =
    pairMask !== null ? own("attnMask", pairMask, shapes) : isCausal ? later(target, source) : null;
  return [
    ...(pairs ? [pairs.dim() === 2 ? pairs : pairs.view(batch, heads, target, source)] : []),
    ...(keys ? [keys.view(batch, 1, 1, source)] : []),
  ];
}
