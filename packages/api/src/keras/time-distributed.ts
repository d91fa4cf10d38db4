import { kindOf } from "../contract/kind.js";
import type { ValueInfo } from "../layers/value-info.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { Layer, type LayerBinding, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";
import { BidirectionalLayer, given, RecurrentLayer } from "./recurrent-layers.js";

/** Options of `layers.timeDistributed`. */
export interface TimeDistributedOptions extends LayerOptions {
  /** A layer without time of its own, such as `dense`. */
  readonly layer: Layer;
}

/** A layer at every step. Layers here work on the last axis, so it is that layer on a sequence. */
export class TimeDistributedLayer extends Layer {
  readonly kind = "time_distributed";

  constructor(private readonly options: TimeDistributedOptions) {
    super({ ...(options.layer instanceof Layer && given(options.layer)), ...options });
    layerOptions(this.kind, options, ["layer"]);
    if (!(options.layer instanceof Layer))
      this.refuse("UNROLL_ARGUMENT", "a layer", kindOf(options.layer), "e.g. timeDistributed(dense(8))");
    if (options.layer instanceof RecurrentLayer || options.layer instanceof BidirectionalLayer)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "a layer without time of its own",
        options.layer.kind,
        "sequences of sequences are not supported",
      );
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    if (forms[0]!.axis === null)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, time, ...]",
        "one without time",
        "apply the layer itself",
      );
    this.options.layer.checkStep(forms);
  }

  override get outputSuffixes(): readonly string[] {
    return this.options.layer.outputSuffixes;
  }

  toSpecs(name: string, inputs: readonly ValueRef[], forms: readonly ValueInfo[]): readonly LayerSpec[] {
    // A layer without time sees a step, which has none.
    const steps = forms.map((form) => ({ ...form, axis: null }));
    return this.options.layer.toSpecs(name, inputs, steps, null, "", false);
  }

  override get bindings(): readonly LayerBinding[] {
    return this.options.layer.bindings;
  }

  override get wrapped(): Layer {
    return this.options.layer;
  }

  override get takesMask(): boolean {
    return true;
  }

  override get inputDtype(): "float32" | "int32" {
    return this.options.layer.inputDtype;
  }
}
