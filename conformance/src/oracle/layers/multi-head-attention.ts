import type { MultiHeadAttentionSpec } from "@unroll/api";
import { overWindow } from "./attention-window.js";
import type { Context, Equations, Value } from "./context.js";

/** What one head looks with, and what it sees. */
interface Head<V> {
  /** Of the query, and of each step of key and value. */
  readonly query: V;
  readonly keys: readonly V[];
  readonly values: readonly V[];
}

/** What a head sees of the steps numbered `seen`: the mean of their values, and the shares of all steps. */
function look<V>(
  m: Context<V>["m"],
  { query, keys, values }: Head<V>,
  seen: readonly number[],
  { headSize, valueHeadSize, emptyRows }: MultiHeadAttentionSpec,
): { y: V; shares: V } {
  if (seen.length === 0) {
    if (emptyRows === "zeros") return { y: m.zeros(valueHeadSize), shares: m.zeros(keys.length) };
    const shares = m.divide(m.constant(1, keys.length), keys.length);
    return { y: m.affine(shares, m.concat(values), valueHeadSize, undefined), shares };
  }
  const fits = seen.map((s) => m.divide(m.affine(query, keys[s]!, 1, undefined), Math.sqrt(headSize)));
  const shares = m.softmax(m.concat(fits));
  const all = keys.map((_, s) => (seen.includes(s) ? m.slice(shares, seen.indexOf(s), 1) : m.zeros(1)));
  const y = m.affine(shares, m.concat(seen.map((s) => values[s]!)), valueHeadSize, undefined);
  return { y, shares: m.concat(all) };
}

/** Rule `attention-window`, by several heads. */
function windowed<V>(layer: MultiHeadAttentionSpec, window: number, context: Context<V>) {
  const { m, value, weight } = context;
  const { name, heads, headSize, valueHeadSize, outputSize } = layer;
  const [q, k, v] = [layer.query, layer.key, layer.value].map(value) as [Value<V>, Value<V>, Value<V>];
  const product = (part: string, columns: number, x: V): V =>
    m.affine(x, weight(`${name}.${part}Kernel`)!, columns, weight(`${name}.${part}Bias`));
  const [keySize, valueSize] = [heads * headSize, heads * valueHeadSize];
  const line = {
    axis: q.axis,
    keys: k.rows.map((steps) => steps.map((x) => product("key", keySize, x))),
    keySize,
    values: v.rows.map((steps) => steps.map((x) => product("value", valueSize, x))),
    valueSize,
  };
  return overWindow({ name, window }, context, line, outputSize, ({ keys, values }, row, t) => {
    const query = product("query", keySize, q.rows[row]![t]!);
    const each = Array.from({ length: heads }, (_, head) =>
      look(
        m,
        {
          query: m.slice(query, head * headSize, headSize),
          keys: keys.map((key) => m.slice(key, head * headSize, headSize)),
          values: values.map((one) => m.slice(one, head * valueHeadSize, valueHeadSize)),
        },
        keys.map((_key, s) => s),
        layer,
      ),
    );
    return {
      y: product("output", outputSize, m.concat(each.map(({ y }) => y))),
      shares: m.divide(each.map((one) => one.shares).reduce(m.add), heads),
    };
  });
}

/** Rule `multi-head-attention`. */
export const multiHeadAttention: Equations<MultiHeadAttentionSpec> = <V>(
  layer: MultiHeadAttentionSpec,
  context: Context<V>,
) => {
  if (layer.window !== null) return windowed(layer, layer.window, context);
  const { m, value, weight, real } = context;
  const { name, heads, headSize, valueHeadSize, outputSize } = layer;
  const [q, k, v] = [layer.query, layer.key, layer.value].map(value) as [Value<V>, Value<V>, Value<V>];
  const product = (part: string, columns: number, x: V): V =>
    m.affine(x, weight(`${name}.${part}Kernel`)!, columns, weight(`${name}.${part}Bias`));
  const headOf = (x: V, size: number, head: number): V => m.slice(x, head * size, size);

  const rows = q.rows.map((steps, row) => {
    const keys = k.rows[row]!.map((x) => product("key", heads * headSize, x));
    const values = v.rows[row]!.map((x) => product("value", heads * valueHeadSize, x));
    return steps.map((x, t) => {
      const query = product("query", heads * headSize, x);
      const seen = keys.map((_, s) => s).filter((s) => real(k.axis, row, s) && !(layer.causal && s > t));
      const each = Array.from({ length: heads }, (_, head) =>
        look(
          m,
          {
            query: headOf(query, headSize, head),
            keys: keys.map((one) => headOf(one, headSize, head)),
            values: values.map((one) => headOf(one, valueHeadSize, head)),
          },
          seen,
          layer,
        ),
      );
      const whole = product("output", outputSize, m.concat(each.map(({ y }) => y)));
      const shares = m.divide(each.map((one) => one.shares).reduce(m.add), heads);
      return { y: real(q.axis, row, t) ? whole : m.zeros(outputSize), shares };
    });
  });
  return [
    [name, { axis: q.axis, shape: [outputSize], rows: rows.map((row) => row.map(({ y }) => y)) }],
    [
      `${name}.weights`,
      { axis: q.axis, shape: [k.rows[0]!.length], rows: rows.map((row) => row.map(({ shares }) => shares)) },
    ],
  ];
};
