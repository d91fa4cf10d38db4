import type { AnyLayer, Catalog } from "../layers/definition.js";
import type { ValueRef } from "../layers/fields.js";
import { refsOf } from "../layers/fields.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { everything, layerIn, surroundingsOf } from "./catalog.js";
import type { InputSpec, LayerSpec, Spec } from "./types.js";

export type { ValueInfo } from "../layers/value-info.js";

/** Values of a spec by reference. */
type Values = ReadonlyMap<ValueRef, ValueInfo>;

/** The inputs of a spec as values. */
export const inputValues = (inputs: readonly InputSpec[]): Map<ValueRef, ValueInfo> =>
  new Map(inputs.map(({ name, dtype, axis, shape }) => [name, { dtype, axis, shape }]));

/** The values a layer makes, given those before it; the layer must be wired correctly. */
export function layerValues(catalog: Catalog, layer: AnyLayer, values: Values): [ValueRef, ValueInfo][] {
  const definition = layerIn(catalog, layer);
  const read = refsOf(layer, definition.fields).map((ref) => values.get(ref));
  const sees = read.some((info) => info?.axis === STEPS || info?.ending);
  return definition
    .values(layer, surroundingsOf(catalog, values))
    .map(([suffix, info]) => [
      layer.name + suffix,
      sees && info.axis !== STEPS ? { ...info, ending: true } : info,
    ]);
}

/** Every value of a valid spec whose layers are in a catalog. */
export function valuesIn(catalog: Catalog, spec: Spec): Values {
  const values = inputValues(spec.inputs);
  for (const layer of spec.layers)
    for (const [ref, info] of layerValues(catalog, layer, values)) values.set(ref, info);
  return values;
}

/** The values a layer makes, given those before it; the layer must be wired correctly. */
export const valuesOf = (layer: LayerSpec, values: Values): [ValueRef, ValueInfo][] =>
  layerValues(everything, layer, values);

/** Every value of a valid spec. */
export const specValues = (spec: Spec): Values => valuesIn(everything, spec);

/** Every time axis of a spec, in the order of its inputs. */
export const specAxes = (spec: Spec): readonly string[] => [
  ...new Set(spec.inputs.flatMap(({ axis }) => axis ?? [])),
];
