import type { ValueInfo } from "../layers/value-info.js";
import { dense } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";
import { outerActivation } from "./options.js";

/** Options of `layers.dense`. */
export interface DenseOptions extends LayerOptions {
  /** Size of the output's last axis. */
  readonly units: number;
  /** Name as Keras has it. Default linear. */
  readonly activation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
}

export class DenseLayer extends Layer {
  readonly kind = "dense";

  constructor(private readonly options: DenseOptions) {
    super(options);
    layerOptions(this.kind, options, ["units", "activation", "useBias"]);
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
