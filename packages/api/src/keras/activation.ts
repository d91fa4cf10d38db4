import type { ValueInfo } from "../layers/value-info.js";
import { activation } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";
import { outerActivation } from "./options.js";

/** Options of `layers.activation`. */
export interface ActivationOptions extends LayerOptions {
  /** Name as Keras has it, `hard_sigmoid` in snake or camel case; Keras 3's meaning. */
  readonly activation: string;
}

export class ActivationLayer extends Layer {
  readonly kind = "activation";

  constructor(private readonly options: ActivationOptions) {
    super(options);
    layerOptions(this.kind, options, ["activation"]);
    outerActivation(this.kind, options.activation);
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    this.lastAxis(form!);
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [
      activation({ name, input: input!, activation: outerActivation(this.kind, this.options.activation) }),
    ];
  }
}
