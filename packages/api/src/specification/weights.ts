import type { WeightMap } from "../contract/adapter.js";
import type { AnyLayer, Catalog } from "../layers/definition.js";
import { assertModelWeights, type WeightSpec } from "../program/expected-weights.js";
import { cellIn, everything, layerIn } from "./catalog.js";
import type { LayerSpec, Spec } from "./types.js";

export {
  assertWeights,
  type WeightProblems,
  weightProblems,
  type WeightSpec,
} from "../program/expected-weights.js";

/** Canonical weights of one layer whose definition a catalog has. */
export function layerWeightsIn(catalog: Catalog, layer: AnyLayer): WeightSpec[] {
  const own = layerIn(catalog, layer).weights?.(layer, { cell: (cell) => cellIn(catalog, cell) }) ?? [];
  return own.map(({ name, shape }) => ({ name: `${layer.name}.${name}`, shape }));
}

/** All canonical weights of a spec whose layers are in a catalog, in layer order. */
export const weightsIn = (catalog: Catalog, spec: Spec): WeightSpec[] =>
  spec.layers.flatMap((layer) => layerWeightsIn(catalog, layer));

/**
 * Canonical weights of one layer, under its name: `lstm.kernel` [inputSize, gates x units],
 * `bi.forward.kernel`, ... Each layer and cell says its own. Products are row vector times matrix.
 */
export const layerWeights = (layer: LayerSpec): WeightSpec[] => layerWeightsIn(everything, layer);

/** All canonical weights of a spec, in layer order. */
export const specWeights = (spec: Spec): WeightSpec[] => weightsIn(everything, spec);

/** Checks canonical weights against a spec: names, shapes, dtype. @throws UNROLL_WEIGHTS, UNROLL_DTYPE */
export const assertSpecWeights = (spec: Spec, weights: WeightMap): void =>
  assertModelWeights(spec.name, specWeights(spec), weights);
