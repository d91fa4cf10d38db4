import { dropout } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** Share of elements that training drops, 0 to 1. */
  readonly rate: number;
}

/** Training only: the identity here. */
export class DropoutLayer extends Layer {
  readonly kind = "dropout";

  constructor(private readonly options: DropoutOptions) {
    super(options);
    layerOptions(this.kind, options, ["rate"]);
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [dropout({ name, input: input!, rate: this.options.rate })];
  }
}
