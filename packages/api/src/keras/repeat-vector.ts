import type { ValueInfo } from "../layers/value-info.js";
import { repeat } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { assertCount } from "./counts.js";
import { Layer, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.repeatVector`. */
export interface RepeatVectorOptions extends LayerOptions {
  /** How many steps the sequence has. */
  readonly n: number;
}

/** One vector a row, as every step of a sequence. */
export class RepeatVectorLayer extends Layer {
  readonly kind = "repeat_vector";

  constructor(private readonly options: RepeatVectorOptions) {
    super(options);
    layerOptions(this.kind, options, ["n"]);
    assertCount(this.place, "n", options.n, "it counts steps");
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    if (form!.axis !== null || form!.shape.length !== 1)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, features]",
        "one with time",
        "leave returnSequences of the layer before it out",
      );
    this.lastAxis(form!);
  }

  override stepsOf(): number {
    return this.options.n;
  }

  toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    _forms: readonly ValueInfo[],
    _initialState: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    return [repeat({ name, input: input!, steps: this.options.n, axis })];
  }
}
