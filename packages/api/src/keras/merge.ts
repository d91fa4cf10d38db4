import { knownOptions } from "../contract/known-options.js";
import type { ValueInfo } from "../layers/value-info.js";
import { merge } from "../specification/build.js";
import type { LayerSpec, MergeSpec, ValueRef } from "../specification/types.js";
import { commonOptions, Layer, type LayerOptions } from "./layer.js";

/** Concatenate, Add, Average and Multiply of two or more inputs. */
export class MergeLayer extends Layer {
  constructor(
    readonly kind: string,
    private readonly mode: MergeSpec["mode"],
    options: LayerOptions,
  ) {
    super(options);
    knownOptions(kind, options, commonOptions);
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    if (forms.length < 2)
      this.refuse("UNROLL_ARGUMENT", "two inputs or more", `${forms.length}`, "apply it to a list");
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

  toSpecs(name: string, inputs: readonly ValueRef[]): readonly LayerSpec[] {
    return [merge({ name, inputs, mode: this.mode })];
  }
}
