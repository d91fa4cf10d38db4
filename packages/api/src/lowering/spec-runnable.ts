import type { Catalog } from "../layers/definition.js";
import type { ValueInfo } from "../layers/value-info.js";
import type { Runnable, SignatureInput } from "../program/runnable.js";
import { canonicalHash } from "../program/canonical-hash.js";
import { layerIn } from "../specification/catalog.js";
import { initialStateIn, stateIn, whyNotSteppableIn } from "../specification/state.js";
import type { InputSpec, Spec } from "../specification/types.js";
import { specAxes, valuesIn } from "../specification/values.js";
import { weightsIn } from "../specification/weights.js";
import { lowerIn } from "./lower.js";

/**
 * An input with the number of rows of the tables that read it directly, below which ids must be, and the
 * longest sequence that every layer along its axis takes.
 */
function inputOf(
  catalog: Catalog,
  spec: Spec,
  values: ReadonlyMap<string, ValueInfo>,
  { name, dtype, axis, shape }: InputSpec,
): SignatureInput {
  let [ids, steps] = [Infinity, Infinity];
  for (const layer of spec.layers) {
    const definition = layerIn(catalog, layer);
    const [table, longest] = [definition.ids?.(layer), definition.longest?.(layer)];
    if (table?.ref === name) ids = Math.min(ids, table.rows);
    if (longest && values.get(longest.ref)!.axis === axis) steps = Math.min(steps, longest.steps);
  }
  return { name, dtype, axis, shape, ids, ...(steps < Infinity && { longest: steps }) };
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
    inputs: spec.inputs.map((input) => inputOf(catalog, spec, values, input)),
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
