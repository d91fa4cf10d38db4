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
import { type OnnxBinding, onnxBindings } from "./bindings.js";
import { onnxRules } from "./rules.js";

export { type OnnxBinding, onnxBindings } from "./bindings.js";

/** A layer without a binding goes by its default names, and a binding may name only some of them. */
function specRules(spec: Spec, bindings: readonly OnnxBinding[]): WeightRule[] {
  const defaults = onnxBindings(spec);
  return spec.layers.flatMap((layer, k) => {
    const own = bindings.find((one) => one.layer === layer.name);
    return onnxRules(layer, { layer: layer.name, names: { ...defaults[k]!.names, ...own?.names } });
  });
}

/**
 * Initializers of an ONNX model as canonical weights; `readInitializers` of `@unroll/formats` reads them out
 * of a file. Bit-exact for layers whose bias is `split` or `none`; two biases that meet a `single` one
 * are summed, and `losses` says so. Initializers that are not weights of the spec have to be left out, or the
 * call names them as unexpected.
 *
 * @param bindings names of the initializers by layer; `LAYER.W`, `LAYER.R`, `LAYER.B` and so on where not
 *   given
 * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped initializer
 */
export function fromOnnx(
  spec: Spec,
  initializers: Readonly<Record<string, AnyTensor>>,
  bindings: readonly OnnxBinding[] = [],
): Converted<WeightMap> {
  const place = `onnx initializers of "${spec.name}"`;
  const rules = specRules(spec, bindings);
  const read = readForeign(
    place,
    foreignWeights(rules),
    initializers,
    "compare hidden_size, direction and the names of the initializers, or give bindings",
  );
  const made = importWeights(place, rules, read.weights);
  return { weights: made.weights, losses: [...read.losses, ...made.losses] };
}

/**
 * Canonical weights as operands of ONNX's LSTM, GRU, RNN, Gather, MatMul and Add. A `single` bias becomes the
 * bias of the input beside a zero one of the state.
 *
 * @throws UNROLL_UNSUPPORTED for a bidirectional layer whose cells differ; UNROLL_WEIGHTS for weights that
 *   don't fit the spec
 */
export function toOnnx(
  spec: Spec,
  weights: WeightMap,
  bindings: readonly OnnxBinding[] = [],
): Converted<ForeignWeights> {
  return exportWeights(
    everything,
    `onnx initializers of "${spec.name}"`,
    spec,
    specRules(spec, bindings),
    weights,
  );
}
