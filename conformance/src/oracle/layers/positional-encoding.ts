import type { PositionalEncodingSpec } from "@unroll/api";
import type { Context, Equations } from "./context.js";

/** Rule `positional-encoding`. */
export const positionalEncoding: Equations<PositionalEncodingSpec> = <V>(
  { name, input, inputSize }: PositionalEncodingSpec,
  { m, value }: Context<V>,
) => {
  const { axis, shape, rows } = value(input);
  const encoded = (t: number): V =>
    m.concat(
      Array.from({ length: inputSize }, (_, k) => {
        const pair = Math.floor(k / 2);
        const rate = m.constant(1 / 10000 ** ((2 * pair) / inputSize), 1);
        return m.wave(k % 2 === 0 ? "sin" : "cos", m.mul(rate, m.constant(t, 1)));
      }),
    );
  return [[name, { axis, shape, rows: rows.map((steps) => steps.map((x, t) => m.add(x, encoded(t)))) }]];
};
