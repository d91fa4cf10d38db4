import type { ValueInfo } from "../layers/value-info.js";
import { merge } from "../specification/build.js";
import type { LayerSpec, MergeSpec, ValueRef } from "../specification/types.js";
import { type KerasTensor, Layer, type LayerOptions, type Mask, sameMask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Concatenate, Add, Average, Multiply, Maximum and Minimum of two inputs or more, Subtract of two. */
export class MergeLayer extends Layer {
  constructor(
    readonly kind: string,
    private readonly mode: MergeSpec["mode"],
    options: LayerOptions,
    own: readonly string[] = [],
  ) {
    super(options);
    layerOptions(kind, options, own);
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    if (forms.length < 2)
      this.refuse("UNROLL_ARGUMENT", "two inputs or more", `${forms.length}`, "apply it to a list");
    if (this.mode === "sub" && forms.length !== 2)
      this.refuse("UNROLL_ARGUMENT", "two inputs", `${forms.length}`, "subtract the sum of the others");
    const [first] = forms as readonly [ValueInfo];
    for (const form of forms) this.lastAxis(form);
    const key = ({ axis, shape }: ValueInfo): string =>
      `${axis} ${(this.mode === "concat" ? shape.slice(0, -1) : shape).join()}`;
    const odd = forms.find((form) => key(form) !== key(first));
    if (odd)
      this.refuse(
        "UNROLL_SHAPE",
        `inputs of one shape, [${first.shape.join(", ")}]`,
        `[${odd.shape.join(", ")}]`,
        this.mode === "concat" ? "only the last axis may differ" : "shapes must be equal",
      );
  }

  override get takesList(): boolean {
    return true;
  }

  /**
   * A step is real where any input says so, and there is no mask where one input has none. Source: Keras
   * 3.15 `layers/merging/base_merge.py` and `concatenate.py`. `multiply.py`, `maximum.py` and `minimum.py`
   * leave the masked values of one input out, which only matters where the others are not masked alike.
   */
  override outputMask(inputs: readonly KerasTensor[]): Mask | null {
    const masks = inputs.flatMap(({ mask }) => mask ?? []);
    const leavesOut = this.mode === "mul" || this.mode === "max" || this.mode === "min";
    if (leavesOut && inputs.some(({ mask }) => !sameMask(mask, inputs[0]!.mask)))
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "inputs with one mask, or with none",
        "different ones",
        "leave maskZero out, and give the mask to the layers after it: apply(x, { mask })",
      );
    if (masks.length < inputs.length) return null;
    const sources = [...new Set(masks.flatMap((mask) => mask.sources))];
    if (this.mode !== "concat")
      return { sources, node: masks.map(({ node }) => node).reduce((a, b) => ({ parents: [a, b] })) };
    // Each mask is stretched to its input's features, they are joined, and any of a step's counts.
    const stretched = masks.map(({ node }, k) => ({
      parents: [{ parents: [node] }, { parents: [inputs[k]!.source ?? inputs[k]!] }],
    }));
    return { sources, node: { parents: [{ parents: stretched }] } };
  }

  toSpecs(name: string, inputs: readonly ValueRef[]): readonly LayerSpec[] {
    return [merge({ name, inputs, mode: this.mode })];
  }
}
