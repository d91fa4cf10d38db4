import type { LayerNormSpec } from "@unroll/api";
import { alongLast, type Context, type Equations } from "./context.js";

/** Rule `layer-norm`. */
export const layerNorm: Equations<LayerNormSpec> = <V>(layer: LayerNormSpec, context: Context<V>) => {
  const { m } = context;
  const size = layer.inputSize;
  const ones = m.from(new Float32Array(size).fill(1));
  const [gamma, beta] = [context.weight(`${layer.name}.gamma`), context.weight(`${layer.name}.beta`)];
  const epsilon = m.constant(layer.epsilon, 1);
  const everywhere = (one: V): V => m.concat(Array.from({ length: size }, () => one));
  const mean = (v: V): V => m.divide(m.affine(v, ones, 1, undefined), size);
  const normalised = (v: V): V => {
    const centred = m.add(v, m.mul(everywhere(mean(v)), m.constant(-1, size)));
    const deviation = m.root(m.add(mean(m.mul(centred, centred)), epsilon));
    const y = m.quotient(centred, everywhere(deviation));
    const scaled = gamma === undefined ? y : m.mul(y, gamma);
    return beta === undefined ? scaled : m.add(scaled, beta);
  };
  const value = context.value(layer.input);
  return [[layer.name, alongLast(context, value, value.shape, normalised)]];
};
