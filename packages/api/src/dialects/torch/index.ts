import type { WeightMap } from "../../contract/adapter.js";
import { unrollError } from "../../contract/error.js";
import type { AnyTensor } from "../../formats/named-tensor.js";
import type { Spec } from "../../specification/types.js";
import {
  type Converted,
  exportWeights,
  type ForeignWeights,
  importWeights,
  readForeign,
} from "../convert.js";
import type { Catalog } from "../../layers/definition.js";
import { everything } from "../../specification/catalog.js";
import type { WeightRule } from "../rules.js";
import { type TorchBinding, torchBindings } from "./bindings.js";
import { plainStateDict } from "./plain-state-dict.js";
import { torchRules, torchWeights } from "./rules.js";

export { type TorchBinding, torchBindings } from "./bindings.js";

function specRules(catalog: Catalog, spec: Spec, bindings: readonly TorchBinding[]): WeightRule[] {
  return spec.layers.flatMap((layer) => {
    const binding = bindings.find((one) => one.layer === layer.name);
    if (binding) return torchRules(catalog, layer, binding);
    const rules = torchRules(catalog, layer, { layer: layer.name, module: layer.name, level: null });
    if (rules.length > 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "torch bindings",
        expected: `one for layer "${layer.name}"`,
        got: "none",
        cure: "start from torchBindings(spec)",
        details: { layer: layer.name },
      });
    return rules;
  });
}

/**
 * A PyTorch `state_dict` as canonical weights. Bit-exact for layers whose bias is `split` or `none`; two
 * biases that meet a `single` one are summed, and float64 values rounded: `losses` says so. Weight norm and
 * spectral norm are computed, in float64, from what they keep; of a weight-dropped LSTM the weights before
 * dropping are taken.
 *
 * @param bindings which module holds which layer; by layer name if not given
 * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped key
 */
export function fromTorch(
  spec: Spec,
  stateDict: Readonly<Record<string, AnyTensor>>,
  bindings: readonly TorchBinding[] = torchBindings(spec),
): Converted<WeightMap> {
  const place = `state_dict of "${spec.name}"`;
  const rules = specRules(everything, spec, bindings);
  const expected = torchWeights(rules);
  const read = readForeign(
    place,
    expected,
    plainStateDict(place, expected, stateDict),
    "compare the module's sizes and options with the Python code, or give bindings",
  );
  const made = importWeights(place, rules, read.weights);
  return { weights: made.weights, losses: [...read.losses, ...made.losses] };
}

/** A `state_dict` whose tensors have been read and checked, as canonical weights of a catalog's layers. */
export const canonicalOfTorch = (
  catalog: Catalog,
  spec: Spec,
  checked: ForeignWeights,
  bindings: readonly TorchBinding[],
): WeightMap =>
  importWeights(`state_dict of "${spec.name}"`, specRules(catalog, spec, bindings), checked).weights;

/**
 * Canonical weights as a PyTorch `state_dict`. A `single` bias becomes `bias_ih` beside a zero `bias_hh`.
 *
 * @throws UNROLL_UNSUPPORTED for a layer that PyTorch does not have; UNROLL_WEIGHTS for weights that don't
 *   fit the spec
 */
export function toTorch(
  spec: Spec,
  weights: WeightMap,
  bindings: readonly TorchBinding[] = torchBindings(spec),
): Converted<ForeignWeights> {
  return exportWeights(
    everything,
    `state_dict of "${spec.name}"`,
    spec,
    specRules(everything, spec, bindings),
    weights,
  );
}
