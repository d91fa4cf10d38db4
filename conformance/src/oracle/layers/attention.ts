import type { AttentionSpec } from "@unroll/api";
import { overWindow } from "./attention-window.js";
import type { Context, Equations, Value } from "./context.js";

/** How well a key fits a query. */
function scoring<V>(
  { name, inputSize, keySize, score, scoreSize, scale }: AttentionSpec,
  { m, weight }: Context<V>,
): (query: V, key: V) => V {
  const [factor, within] = [weight(`${name}.scale`), weight(`${name}.innerScale`)];
  const kernel = weight(`${name}.scoreKernel`);
  if (score === "general")
    return (query, key) => m.affine(m.affine(query, kernel!, keySize, undefined), key, 1, undefined);
  if (score === "concat")
    return (query, key) =>
      m.affine(
        m.activate("tanh", m.affine(m.concat([query, key]), kernel!, scoreSize!, undefined)),
        weight(`${name}.scoreVector`)!,
        1,
        undefined,
      );
  if (score !== "additive")
    return (query, key) => {
      const product = m.affine(query, key, 1, undefined);
      return score === "scaledDot" ? m.divide(product, Math.sqrt(inputSize)) : product;
    };
  const ones = m.from(new Float32Array(inputSize).fill(1));
  return (query, key) => {
    const sum = m.add(query, key);
    const terms = m.activate("tanh", within ? m.mul(sum, repeated(m, within, inputSize)) : sum);
    return m.affine(terms, scale === "vector" ? factor! : ones, 1, undefined);
  };
}

/** What a cache has of a key, and how well that fits a query: `concat`'s weights are applied before. */
function cachedScoring<V>(
  layer: AttentionSpec,
  context: Context<V>,
): { cached: (key: V) => V; size: number; fit: (query: V, cached: V) => V } {
  const { m, weight } = context;
  const { name, inputSize, keySize, score } = layer;
  if (score !== "concat") return { cached: (key) => key, size: keySize, fit: scoring(layer, context) };
  const [kernel, size] = [weight(`${name}.scoreKernel`)!, layer.scoreSize!];
  const [ofQuery, ofKey] = [
    m.slice(kernel, 0, inputSize * size),
    m.slice(kernel, inputSize * size, keySize * size),
  ];
  return {
    cached: (key) => m.affine(key, ofKey, size, undefined),
    size,
    fit: (query, cached) =>
      m.affine(
        m.activate("tanh", m.add(m.affine(query, ofQuery, size, undefined), cached)),
        weight(`${name}.scoreVector`)!,
        1,
        undefined,
      ),
  };
}

/** Rule `attention-window`. */
function windowed<V>(layer: AttentionSpec, window: number, context: Context<V>) {
  const { m, value, weight } = context;
  const [q, k, v] = [layer.query, layer.key, layer.value].map(value) as [Value<V>, Value<V>, Value<V>];
  const { cached, size, fit } = cachedScoring(layer, context);
  const factor = layer.scale === "scalar" ? weight(`${layer.name}.scale`) : undefined;
  const valueSize = v.shape[0]!;
  const line = {
    axis: q.axis,
    keys: k.rows.map((steps) => steps.map(cached)),
    keySize: size,
    values: v.rows,
    valueSize,
  };
  return overWindow({ name: layer.name, window }, context, line, valueSize, ({ keys, values }, row, t) => {
    const fits = m.concat(keys.map((key) => fit(q.rows[row]![t]!, key)));
    const shares = m.softmax(factor === undefined ? fits : m.mul(fits, repeated(m, factor, keys.length)));
    return { y: m.affine(shares, m.concat(values), valueSize, undefined), shares };
  });
}

const repeated = <V>(m: Context<V>["m"], one: V, count: number): V =>
  m.concat(Array.from({ length: count }, () => one));

/** Rule `attention`: only real steps are looked at, and only real ones get what they see. */
export const attention: Equations<AttentionSpec> = <V>(layer: AttentionSpec, context: Context<V>) => {
  if (layer.window !== null) return windowed(layer, layer.window, context);
  const { m, value, real } = context;
  const { name } = layer;
  const [q, k, v] = [layer.query, layer.key, layer.value].map(value) as [Value<V>, Value<V>, Value<V>];
  const fit = scoring(layer, context);
  const factor = layer.scale === "scalar" ? context.weight(`${name}.scale`) : undefined;
  const size = v.shape[0]!;
  const look = (one: V, row: number, t: number): { y: V; shares: V } => {
    const keys = k.rows[row]!;
    const seen = keys.map((_, s) => s).filter((s) => real(k.axis, row, s) && !(layer.causal && s > t));
    if (seen.length === 0) {
      if (layer.emptyRows === "zeros") return { y: m.zeros(size), shares: m.zeros(keys.length) };
      const shares = m.divide(m.constant(1, keys.length), keys.length);
      const mean = m.affine(shares, m.concat(v.rows[row]!), size, undefined);
      return { y: real(q.axis, row, t) ? mean : m.zeros(size), shares };
    }
    const fits = m.concat(seen.map((s) => fit(one, keys[s]!)));
    const shares = m.softmax(factor === undefined ? fits : m.mul(fits, repeated(m, factor, seen.length)));
    const values = m.concat(seen.map((s) => v.rows[row]![s]!));
    const all = keys.map((_, s) => (seen.includes(s) ? m.slice(shares, seen.indexOf(s), 1) : m.zeros(1)));
    return {
      y: real(q.axis, row, t) ? m.affine(shares, values, size, undefined) : m.zeros(size),
      shares: m.concat(all),
    };
  };
  const seen = q.rows.map((steps, row) => steps.map((one, t) => look(one, row, t)));
  const weights = {
    axis: q.axis,
    shape: [k.rows[0]!.length],
    rows: seen.map((row) => row.map((s) => s.shares)),
  };
  return [
    [name, { axis: q.axis, shape: [size], rows: seen.map((row) => row.map((s) => s.y)) }],
    [`${name}.weights`, weights],
  ];
};
