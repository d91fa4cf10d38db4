import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { multiHeadAttention } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";

export interface MultiHeadAttentionOptions extends LayerOptions {
  /** How many heads look by themselves. */
  readonly numHeads: number;
  /** Size of what each head makes of query and key. */
  readonly keyDim: number;
  /** Size of what each head makes of the value. Default `keyDim`. */
  readonly valueDim?: number;
  /** Training only: without effect here. Default 0. */
  readonly dropout?: number;
  /** Whether each product has a bias added. Default true. */
  readonly useBias?: boolean;
  /** Size of the output. Default: that of the query. */
  readonly outputShape?: number;
  /**
   * Whether a step sees no step after it; Keras takes this where the layer is called. Query and key run along
   * one time axis. Default false.
   */
  readonly useCausalMask?: boolean;
  /** Only false, as the weights of each head are not kept: `spec` has their mean as `name.weights`. */
  readonly returnAttentionScores?: false;
}

const own = [
  "numHeads",
  "keyDim",
  "valueDim",
  "dropout",
  "useBias",
  "outputShape",
  "useCausalMask",
  "returnAttentionScores",
];

/** Keras's MultiHeadAttention, of [query, value] or [query, value, key]. */
export class MultiHeadAttentionLayer extends Layer {
  readonly kind = "multi_head_attention";

  constructor(private readonly options: MultiHeadAttentionOptions) {
    super(options);
    layerOptions(this.kind, options, own);
    const { outputShape, returnAttentionScores = false } = options as unknown as { [name: string]: unknown };
    if (outputShape !== undefined && outputShape !== null && typeof outputShape !== "number")
      this.refuse("UNROLL_UNSUPPORTED", "outputShape as one size", shown(outputShape), "the last axis alone");
    if (returnAttentionScores !== false)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "returnAttentionScores false",
        shown(returnAttentionScores),
        "the mean over heads is the output `name.weights` of a spec",
      );
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    const [query, value, key = value] = forms;
    if (!query || !value || forms.length > 3)
      this.refuse(
        "UNROLL_ARGUMENT",
        "inputs [query, value] or [query, value, key]",
        `${forms.length}`,
        "apply it to a list",
      );
    for (const [what, form] of [
      ["value", value],
      ["key", key!],
    ] as const)
      if (form.axis === null)
        this.refuse(
          "UNROLL_SHAPE",
          `a ${what} [batch, time, features]`,
          "one without time",
          "set returnSequences on the recurrent layer that makes it",
        );
  }

  toSpecs(
    name: string,
    [query, value, key = value]: readonly ValueRef[],
    [queryForm, valueForm, keyForm = valueForm]: readonly ValueInfo[],
  ): readonly LayerSpec[] {
    const { numHeads, keyDim, valueDim = keyDim, useBias = true, outputShape, useCausalMask } = this.options;
    const inputSize = this.lastAxis(queryForm!);
    return [
      multiHeadAttention({
        name,
        query: query!,
        value: value!,
        key: key!,
        inputSize,
        keySize: this.lastAxis(keyForm!),
        valueSize: this.lastAxis(valueForm!),
        heads: numHeads,
        headSize: keyDim,
        valueHeadSize: valueDim,
        outputSize: outputShape ?? inputSize,
        bias: useBias ? "single" : "none",
        causal: useCausalMask ?? false,
      }),
    ];
  }

  override get takesList(): boolean {
    return true;
  }

  /** A query's steps are real or not by its own mask; what it looks at is another sequence. */
  override get inTime(): readonly (readonly number[])[] {
    return [[0], [1, 2]];
  }
}
