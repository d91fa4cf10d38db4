import { knownOptions } from "../contract/known-options.js";
import type { ValueInfo } from "../layers/value-info.js";
import { dense } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { commonOptions, Layer, type LayerOptions } from "./layer.js";
import { outerActivation } from "./options.js";

export interface DenseOptions extends LayerOptions {
  readonly units: number;
  /** Default linear. */
  readonly activation?: string | null;
  /** Default true. */
  readonly useBias?: boolean;
}

export class DenseLayer extends Layer {
  readonly kind = "dense";

  constructor(private readonly options: DenseOptions) {
    super(options);
    knownOptions(this.kind, options, [...commonOptions, "units", "activation", "useBias"]);
    outerActivation(this.kind, options.activation ?? null);
  }

  toSpecs(name: string, [input]: readonly ValueRef[], [form]: readonly ValueInfo[]): readonly LayerSpec[] {
    const { units, useBias, activation: squash } = this.options;
    return [
      dense({
        name,
        input: input!,
        inputSize: this.lastAxis(form!),
        units,
        activation: outerActivation(this.kind, squash ?? null),
        bias: useBias === false ? "none" : "single",
      }),
    ];
  }
}
