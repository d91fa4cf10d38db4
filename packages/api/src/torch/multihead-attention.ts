import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { multiHeadAttention } from "../specification/build.js";
import { knownOptions } from "../contract/known-options.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph, type Graph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { isPacked, SymbolicTensor, SymbolicWeights } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

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
}

const options = ["dropout", "bias", "kdim", "vdim", "batchFirst"];

/**
 * `torch.nn.MultiheadAttention`. Weights: `in_proj_weight` [3 embedDim, embedDim], or `q_proj_weight`,
 * `k_proj_weight`, `v_proj_weight` where keys or values have sizes of their own; `in_proj_bias` [3 embedDim];
 * `out_proj.weight` [embedDim, embedDim], `out_proj.bias` [embedDim].
 *
 * Query, key and value run along one time axis. In the place of `key_padding_mask` stand packed sequences:
 * past a row's end nothing is looked at, and the output is zero, where PyTorch computes something.
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

  override parts(): ModulePart[] {
    return [{ layer: this.layer("attention", "q", "k", "v", false), level: null }];
  }

  override get takes(): number {
    return 4;
  }

  /**
   * @param query [time, batch, embedDim], or [batch, time, embedDim] if `batchFirst`
   * @param key as query, of `kdim`
   * @param value as query, of `vdim`
   * @param how see {@link AttendOptions}
   * @returns the output, as query, and the weights averaged over heads [batch, time, source]
   */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    how: AttendOptions = {},
  ): [output: SymbolicTensor, weights: SymbolicWeights | null] {
    const graph = currentGraph("nn.MultiheadAttention");
    const path = graph.pathOf(this);
    const place = path || "attention";
    if (how instanceof SymbolicTensor || typeof how !== "object" || how === null)
      graph.refuse(
        "UNROLL_UNSUPPORTED",
        place,
        "options { needWeights, isCausal } after query, key and value",
        how instanceof SymbolicTensor ? "a tensor" : shown(how),
        "there are no masks; pack the sequences that it looks at",
      );
    knownOptions(place, how, ["needWeights", "isCausal"]);
    const { needWeights = true, isCausal = false } = how;
    graph.mark(place, "sequence", this.batchFirst, isPacked(query));
    const use = (x: Tensor, size: number): string =>
      graph.use(place, x, { dtype: "float32", features: [size] });
    const refs = [use(query, this.embedDim), use(key, this.kdim), use(value, this.vdim)] as const;
    for (const one of [query, key, value]) assertSequence(graph, place, one);
    const layer = this.layer(graph.layerName(path, "attention"), ...refs, isCausal);
    const output = graph.append(layer, query, { module: path, level: null });
    return [
      output,
      needWeights ? new SymbolicWeights(graph, `${layer.name}.weights`, [], false, false) : null,
    ];
  }

  private layer(
    name: string,
    query: string,
    key: string,
    value: string,
    causal: boolean,
  ): ModulePart["layer"] {
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
