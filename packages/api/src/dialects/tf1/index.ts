import type { WeightMap } from "../../contract/adapter.js";
import type { AnyTensor } from "../../formats/named-tensor.js";
import type { Spec } from "../../specification/types.js";
import {
  type Converted,
  exportWeights,
  foreignWeights,
  type ForeignWeights,
  importWeights,
  readForeign,
} from "../convert.js";
import { everything } from "../../specification/catalog.js";
import type { WeightRule } from "../rules.js";
import { type Tf1Binding, tf1Bindings } from "./bindings.js";
import { tf1Rules } from "./rules.js";

export { type Tf1Binding, tf1Bindings } from "./bindings.js";

/** A binding may name only some of the layers. */
function specRules(spec: Spec, bindings: readonly Tf1Binding[]): WeightRule[] {
  const defaults = tf1Bindings(spec);
  return spec.layers.flatMap((layer, k) =>
    tf1Rules(layer, bindings.find((one) => one.layer === layer.name) ?? defaults[k]!),
  );
}

/**
 * Variables of TensorFlow 1's BasicLSTMCell, LSTMCell (peepholes, `num_proj`), GRUCell, BasicRNNCell and
 * `layers.dense` as canonical weights; a `:0` at the end of a name is left out. The forget bias, which those
 * cells add when they run, is added here, once; `losses` tells where that rounded. Their state tuple is (c,
 * h): ours has named parts.
 *
 * `cell_clip` is no weight: it is `cellClip` of the cell in a spec. `proj_clip` has no counterpart; a cell
 * that clips its projection computes something else.
 *
 * @param bindings variable scopes by layer; those of `tf1Bindings` where not given
 * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped variable; UNROLL_UNSUPPORTED for a
 *   cell that TensorFlow 1 does not have
 */
export function fromTf1(
  spec: Spec,
  variables: Readonly<Record<string, AnyTensor>>,
  bindings: readonly Tf1Binding[] = [],
): Converted<WeightMap> {
  const place = `tf1 variables of "${spec.name}"`;
  const rules = specRules(spec, bindings);
  const named = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name.replace(/:0$/, ""), value]),
  );
  const read = readForeign(
    place,
    foreignWeights(rules),
    named,
    "compare num_units, num_proj and use_peepholes with the Python code, or give bindings with its " +
      "variable scopes",
  );
  const made = importWeights(place, rules, read.weights);
  return { weights: made.weights, losses: [...read.losses, ...made.losses] };
}

/**
 * Canonical weights as TensorFlow 1 variables, the forget bias taken out of the bias again.
 *
 * @throws UNROLL_UNSUPPORTED for a cell that TensorFlow 1 does not have; UNROLL_WEIGHTS for weights that
 *   don't fit the spec
 */
export function toTf1(
  spec: Spec,
  weights: WeightMap,
  bindings: readonly Tf1Binding[] = [],
): Converted<ForeignWeights> {
  return exportWeights(
    everything,
    `tf1 variables of "${spec.name}"`,
    spec,
    specRules(spec, bindings),
    weights,
  );
}
