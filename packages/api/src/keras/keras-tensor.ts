import type { Form, Layer, LayerOutput } from "./layer.js";

/** One application of a layer. */
export interface LayerCall {
  readonly order: number;
  readonly layer: Layer;
  readonly inputs: readonly KerasTensor[];
  readonly initialState: readonly KerasTensor[] | null;
  /**
   * Mask sources of the inputs along each time axis, see {@link KerasTensor.masks}; the first are those of
   * the output.
   */
  readonly masks: readonly (readonly KerasTensor[])[];
}

let calls = 0;

/** A value in a model under construction: an input, or an output of a layer. */
export class KerasTensor {
  private constructor(
    /** @internal The call that makes it; null for an input. */
    readonly source: LayerCall | null,
    /**
     * @internal What follows the layer's name in a reference; for an input, its name or "" if it has none.
     */
    readonly suffix: string,
    readonly form: Form,
    /**
     * @internal What masks it: inputs of ids, masked where 0, and inputs of dtype bool, masked where false.
     */
    readonly masks: readonly KerasTensor[],
  ) {}

  static input(name: string, form: Form): KerasTensor {
    return new KerasTensor(null, name, form, []);
  }

  static call(
    layer: Layer,
    inputs: readonly KerasTensor[],
    initialState: readonly KerasTensor[] | null,
    masks: LayerCall["masks"],
    outputs: readonly LayerOutput[],
  ): KerasTensor[] {
    const source = { order: calls++, layer, inputs, initialState, masks };
    return outputs.map(
      ({ suffix, form }) => new KerasTensor(source, suffix, form, form.sequence ? masks[0]! : []),
    );
  }
}
