import type { WeightMap } from "../../contract/adapter.js";
import { unrollError } from "../../contract/error.js";
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
import type { WeightSpec } from "../../specification/weights.js";
import { type KerasBinding, kerasBindings } from "./bindings.js";
import type { Catalog } from "../../layers/definition.js";
import { everything } from "../../specification/catalog.js";
import { type KerasRules, kerasRules } from "./rules.js";

export { type KerasBinding, kerasBindings } from "./bindings.js";

function specRules(catalog: Catalog, spec: Spec, bindings: readonly KerasBinding[]): KerasRules {
  const at = new Map(bindings.map(({ layer }, k) => [layer, k]));
  const place = ({ name }: Spec["layers"][number]): number => at.get(name) ?? bindings.length;
  const all = [...spec.layers]
    .sort((a, b) => place(a) - place(b))
    .map((layer) =>
      kerasRules(
        catalog,
        layer,
        bindings.find((one) => one.layer === layer.name) ?? {
          layer: layer.name,
          name: layer.name,
          inner: null,
        },
      ),
    );
  return {
    rules: all.flatMap((one) => one.rules),
    patterns: new Map(all.flatMap((one) => [...one.patterns])),
  };
}

/**
 * Renames given tensors to the keys they mean; those that mean nothing keep their names. @throws
 * UNROLL_WEIGHTS for two of one meaning
 */
function recognised(
  place: string,
  expected: readonly WeightSpec[],
  patterns: KerasRules["patterns"],
  given: Readonly<Record<string, AnyTensor>>,
): Record<string, AnyTensor> {
  const left = new Map(Object.entries(given));
  const found = Object.create(null) as Record<string, AnyTensor>;
  for (const { name } of expected) {
    const matches = left.has(name) ? [name] : [...left.keys()].filter((key) => patterns.get(name)!.test(key));
    if (matches.length > 1)
      throw unrollError({
        code: "UNROLL_WEIGHTS",
        place: place,
        expected: `one tensor for ${name}`,
        got: matches.join(" and "),
        cure: "give bindings with the whole layer path",
        details: { name, matches },
      });
    const [match] = matches;
    if (match === undefined) continue;
    found[name] = left.get(match)!;
    left.delete(match);
  }
  return { ...found, ...Object.fromEntries(left) };
}

/** Keras's weights of specs whose layers a catalog has. */
export interface KerasDialect {
  /** Weights that Keras keeps for a spec, in `get_weights()` order. */
  kerasWeights(spec: Spec, bindings?: readonly KerasBinding[]): WeightSpec[];
  /** Keras weights by name as canonical weights. @throws UNROLL_WEIGHTS */
  fromKeras(
    spec: Spec,
    named: Readonly<Record<string, AnyTensor>>,
    bindings?: readonly KerasBinding[],
    place?: string,
  ): Converted<WeightMap>;
  /** Canonical weights under Keras 3's names. @throws UNROLL_UNSUPPORTED, UNROLL_WEIGHTS */
  toKeras(spec: Spec, weights: WeightMap, bindings?: readonly KerasBinding[]): Converted<ForeignWeights>;
}

/** The dialect for the layers of a catalog. */
export const kerasOf = (catalog: Catalog): KerasDialect => ({
  kerasWeights: (spec, bindings = kerasBindings(spec)) =>
    foreignWeights(specRules(catalog, spec, bindings).rules),
  fromKeras(spec, named, bindings = kerasBindings(spec), place = placeOf(spec)) {
    const { rules, patterns } = specRules(catalog, spec, bindings);
    const expected = foreignWeights(rules);
    const read = readForeign(
      place,
      expected,
      recognised(place, expected, patterns, named),
      "compare layer names, units and options with the Python code, or give bindings",
    );
    const made = importWeights(place, rules, read.weights);
    return { weights: made.weights, losses: [...read.losses, ...made.losses] };
  },
  toKeras: (spec, weights, bindings = kerasBindings(spec)) =>
    exportWeights(catalog, placeOf(spec), spec, specRules(catalog, spec, bindings).rules, weights),
});

const placeOf = ({ name }: Spec): string => `keras weights of "${name}"`;

/**
 * Weights that Keras keeps for a spec, in `get_weights()` order, under Keras 3's names: layers in the order
 * of the bindings. A layer bound twice counts once.
 */
export const kerasWeights = (spec: Spec, bindings?: readonly KerasBinding[]): WeightSpec[] =>
  kerasOf(everything).kerasWeights(spec, bindings);

/**
 * Keras weights by name as canonical weights: paths of Keras 3 (`lstm/lstm_cell/kernel`), of its weights
 * files (`layers/lstm/cell/vars/0`) and of Keras 2 (`lstm/lstm_cell/kernel:0`). Bit-exact for biases in
 * Keras's form: `single`, or `split` for a GRU with `resetAfter`; otherwise `losses` says what was summed.
 *
 * @param place what the weights are, for errors
 * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped key
 */
export const fromKeras = (
  spec: Spec,
  named: Readonly<Record<string, AnyTensor>>,
  bindings?: readonly KerasBinding[],
  place?: string,
): Converted<WeightMap> => kerasOf(everything).fromKeras(spec, named, bindings, place);

/**
 * Canonical weights under Keras 3's names, in `get_weights()` order. Two biases that Keras keeps as one are
 * summed, and `losses` says so.
 *
 * @throws UNROLL_UNSUPPORTED for a layer that Keras does not have; UNROLL_WEIGHTS for weights that don't fit
 *   the spec
 */
export const toKeras = (
  spec: Spec,
  weights: WeightMap,
  bindings?: readonly KerasBinding[],
): Converted<ForeignWeights> => kerasOf(everything).toKeras(spec, weights, bindings);
