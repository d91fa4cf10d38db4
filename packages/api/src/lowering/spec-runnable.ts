import type { Catalog } from "../layers/definition.js";
import type { Runnable, SignatureInput } from "../program/runnable.js";
import { canonicalHash } from "../program/canonical-hash.js";
import { layerIn } from "../specification/catalog.js";
import { initialStateIn, stateIn, whyNotSteppableIn } from "../specification/state.js";
import type { InputSpec, Spec } from "../specification/types.js";
import { specAxes, valuesIn } from "../specification/values.js";
import { weightsIn } from "../specification/weights.js";
import { lowerIn } from "./lower.js";

/** The number of rows of the tables that read an input directly; ids must be below. */
function idsOf(catalog: Catalog, spec: Spec, { name, dtype, axis, shape }: InputSpec): SignatureInput {
  const rows = spec.layers.map((layer) => {
    const ids = layerIn(catalog, layer).ids?.(layer);
    return ids?.ref === name ? ids.rows : Infinity;
  });
  return { name, dtype, axis, shape, ids: Math.min(...rows) };
}

/** What a model runs, of a valid spec whose layers a catalog has. */
export function runnableOf(catalog: Catalog, spec: Spec): Runnable {
  const values = valuesIn(catalog, spec);
  const given = new Set(
    spec.layers.filter((layer) => initialStateIn(catalog, layer) === null).map(({ name }) => name),
  );
  let identity: string | undefined;
  return {
    format: "unroll.runnable",
    name: spec.name,
    // Without names for people and choices of outputs, which change no state. Worked out when first wanted.
    get identity() {
      return (identity ??= canonicalHash([spec.inputs, spec.layers]));
    },
    inputs: spec.inputs.map((input) => idsOf(catalog, spec, input)),
    outputs: spec.outputs.map((name) => ({ name, ...values.get(name)! })),
    states: stateIn(catalog, spec).map(({ layer, part, dtype, shape }) => ({
      layer,
      part,
      dtype,
      shape,
      given: given.has(layer),
    })),
    weights: weightsIn(catalog, spec),
    mayBeEmpty:
      specAxes(spec).length === 1 && !spec.layers.some((layer) => layerIn(catalog, layer).axis?.(layer)),
    stride: spec.layers.reduce((steps, layer) => {
      // What thins out another axis is there whole.
      const own = values.get(layer.name)?.ending && layerIn(catalog, layer).stride?.(layer);
      return own ? steps * own : steps;
    }, 1),
    whyNotSteppable: whyNotSteppableIn(catalog, spec),
    program: (how) => lowerIn(catalog, spec, how),
  };
}
