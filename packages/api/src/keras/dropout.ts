import { shown } from "../contract/shown.js";
import { dropout } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** Share of elements that training drops, 0 to 1. */
  readonly rate: number;
}

/** Options of `layers.gaussianNoise`. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** Standard deviation of what training adds. */
  readonly stddev: number;
}

/** Training only, whatever it drops: the identity here. */
export class DropoutLayer extends Layer {
  constructor(
    private readonly options: DropoutOptions,
    readonly kind = "dropout",
  ) {
    super(options);
    layerOptions(kind, options, ["rate"]);
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [dropout({ name, input: input!, rate: this.options.rate })];
  }
}

/** Noise that training adds: the identity here. */
export class GaussianNoiseLayer extends Layer {
  readonly kind = "gaussian_noise";

  constructor(options: GaussianNoiseOptions) {
    super(options);
    layerOptions(this.kind, options, ["stddev"]);
    const { stddev } = options;
    if (!(Number.isFinite(stddev as unknown) && stddev >= 0))
      this.refuse("UNROLL_ARGUMENT", "stddev as a number of at least 0", shown(stddev), "e.g. 0.1");
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [dropout({ name, input: input!, rate: 0 })];
  }
}
