import { knownOptions } from "../contract/known-options.js";
import type { Catalog } from "../layers/definition.js";
import type { OptionsOf, ValueRef } from "../layers/fields.js";
import { filled } from "../layers/fill.js";
import { everything } from "./catalog.js";
import { inputFields, type InputSpec, type LayerSpec, type Spec } from "./types.js";
import { checkSpec } from "./validate.js";

export * from "../layers/cells.js";
export * from "../layers/layers.js";

/**
 * An input. Defaults: float32, a sequence along `time`.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const input = (options: OptionsOf<typeof inputFields>): InputSpec =>
  filled("input", inputFields, options) as unknown as InputSpec;

/** What {@link spec} is given. */
export interface SpecParts<Layers extends readonly LayerSpec[]> {
  /** For people: error texts. */
  readonly name: string;
  /** What every run is given; made with {@link input}. */
  readonly inputs: readonly InputSpec[];
  /** In order of execution. */
  readonly layers: Layers;
  /** References of the values a run returns. Default: the last layer's output. */
  readonly outputs?: readonly ValueRef[] | undefined;
}

/** A spec from its parts, checked against a catalog. */
export function specIn<const Layers extends readonly LayerSpec[]>(
  catalog: Catalog,
  parts: SpecParts<Layers>,
): Omit<Spec, "layers"> & { readonly layers: Layers } {
  knownOptions("spec", parts, ["name", "inputs", "layers", "outputs"]);
  const last = parts.layers[parts.layers.length - 1];
  const complete = {
    format: "unroll.spec",
    version: 1,
    name: parts.name,
    inputs: parts.inputs,
    layers: parts.layers,
    outputs: parts.outputs ?? (last ? [last.name] : []),
  } as const;
  checkSpec(catalog, complete);
  return complete;
}

/**
 * A spec from its parts, validated: inputs, layers in order of execution, and outputs, by default the last
 * layer.
 *
 * @throws UNROLL_SPEC naming the path and the cure
 */
export const spec = <const Layers extends readonly LayerSpec[]>(
  parts: SpecParts<Layers>,
): Omit<Spec, "layers"> & { readonly layers: Layers } => specIn(everything, parts);
