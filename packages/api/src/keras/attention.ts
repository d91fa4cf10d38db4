import { shown } from "../contract/shown.js";
import { attention } from "../specification/build.js";
import type { ValueInfo } from "../layers/value-info.js";
import type { AttentionSpec, LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";

interface CommonOptions extends LayerOptions {
  /** Training only: without effect here. Default 0. */
  readonly dropout?: number;
  /**
   * Whether the weights [batch, time, source] follow the output; Keras takes this where the layer is called.
   * Default false.
   */
  readonly returnAttentionScores?: boolean;
  /**
   * Whether a step sees no step after it; Keras takes this where the layer is called. Query and key run along
   * one time axis. Default false.
   */
  readonly useCausalMask?: boolean;
}

export interface AttentionOptions extends CommonOptions {
  /** Whether a weight `scale` multiplies the score. Default false. */
  readonly useScale?: boolean;
  /** `dot`: q·k. `concat`: the sum of tanh(q + k), times a weight. Default `dot`. */
  readonly scoreMode?: "dot" | "concat";
}

export interface AdditiveAttentionOptions extends CommonOptions {
  /** Whether a weight `scale` multiplies each feature's tanh(q + k). Default true. */
  readonly useScale?: boolean;
}

type Score = Pick<AttentionSpec, "score" | "scale" | "innerScale">;

/** Keras's Attention and AdditiveAttention, of [query, value] or [query, value, key]. */
export class AttentionLayer extends Layer {
  private constructor(
    readonly kind: string,
    private readonly options: CommonOptions,
    private readonly score: Score,
    allowed: readonly string[],
  ) {
    super(options);
    layerOptions(kind, options, ["dropout", "returnAttentionScores", "useCausalMask", ...allowed]);
  }

  static dot(options: AttentionOptions): AttentionLayer {
    const { useScale = false, scoreMode = "dot" } = options;
    const layer = new AttentionLayer(
      "attention",
      options,
      scoreMode === "dot"
        ? { score: "dot", scale: useScale ? "scalar" : "none", innerScale: "none" }
        : { score: "additive", scale: "scalar", innerScale: useScale ? "scalar" : "none" },
      ["useScale", "scoreMode"],
    );
    const got = typeof (scoreMode as unknown) === "string" ? scoreMode : shown(scoreMode);
    if (!["dot", "concat"].includes(scoreMode))
      layer.refuse("UNROLL_ARGUMENT", "scoreMode dot or concat", got, "Keras has no other");
    return layer;
  }

  static additive(options: AdditiveAttentionOptions): AttentionLayer {
    return new AttentionLayer(
      "additive_attention",
      options,
      { score: "additive", scale: (options.useScale ?? true) ? "vector" : "none", innerScale: "none" },
      ["useScale"],
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
    if (this.lastAxis(query) !== this.lastAxis(key!))
      this.refuse(
        "UNROLL_SHAPE",
        `query and key of one size`,
        `${this.lastAxis(query)} and ${this.lastAxis(key!)}`,
        "a dense layer makes them fit",
      );
  }

  override get outputSuffixes(): readonly string[] {
    return this.options.returnAttentionScores ? ["", ".weights"] : [""];
  }

  toSpecs(
    name: string,
    [query, value, key = value]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
  ): readonly LayerSpec[] {
    return [
      attention({
        name,
        query: query!,
        value: value!,
        key: key!,
        inputSize: this.lastAxis(form!),
        causal: this.options.useCausalMask ?? false,
        // Keras takes 1e9 from what is masked, so where all is, all count alike.
        emptyRows: "mean",
        ...this.score,
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
