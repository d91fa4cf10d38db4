import { STEPS, type ValueInfo } from "../layers/value-info.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { built } from "../layers/built.js";
import { layerValues } from "../specification/values.js";

/** What a Keras layer becomes in a spec. */
interface Describing {
  readonly outputSuffixes: readonly string[];
  toSpecs(
    name: string,
    inputs: readonly ValueRef[],
    forms: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    axis: string,
    ignoresMask: boolean,
  ): readonly LayerSpec[];
}

/**
 * What the core says of a layer's outputs, with what follows the layer's name in their references. Every
 * time axis is called {@link STEPS}: which of them are one is known when the model is wired.
 */
export function inferForms(
  layer: Describing,
  forms: readonly ValueInfo[],
): [suffix: string, form: ValueInfo][] {
  const name = "layer";
  const refs = forms.map((_, k) => `input${k}`);
  const values = new Map(refs.map((ref, k) => [ref, forms[k]!]));
  for (const own of layer.toSpecs(name, refs, forms, null, STEPS, false))
    for (const [ref, info] of layerValues(built, own, values)) values.set(ref, info);
  return layer.outputSuffixes.map((suffix) => [suffix, values.get(name + suffix)!]);
}
