import type { ValueInfo } from "../layers/value-info.js";
import { embedding } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { type KerasTensor, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.embedding`. */
export interface EmbeddingOptions extends LayerOptions {
  /** Rows of the table: ids are 0 to one less. */
  readonly inputDim: number;
  /** Size of each vector. */
  readonly outputDim: number;
  /** Whether steps with id 0 are masked for the layers after it. Default false. */
  readonly maskZero?: boolean;
}

export class EmbeddingLayer extends Layer {
  readonly kind = "embedding";

  constructor(private readonly options: EmbeddingOptions) {
    super(options);
    layerOptions(this.kind, options, ["inputDim", "outputDim", "maskZero"]);
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    if (form!.dtype !== "int32")
      this.refuse("UNROLL_DTYPE", "int32 ids", form!.dtype, 'declare the input with dtype "int32"');
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [
      embedding({
        name,
        input: input!,
        inputSize: this.options.inputDim,
        outputSize: this.options.outputDim,
      }),
    ];
  }

  override outputMask([ids]: readonly KerasTensor[]): Mask | null {
    return this.options.maskZero ? { sources: [ids!], node: { parents: [ids!] } } : null;
  }

  override get inputDtype(): "int32" {
    return "int32";
  }
}
