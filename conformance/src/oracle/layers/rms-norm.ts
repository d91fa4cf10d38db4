import type { RmsNormSpec } from "@unroll/api";
import { alongLast, type Equations } from "./context.js";

/** Rule `rms-norm`. */
export const rmsNorm: Equations<RmsNormSpec> = ({ name, input, inputSize, epsilon }, context) => {
  const { m } = context;
  const ones = m.constant(1, inputSize);
  const gamma = context.weight(`${name}.gamma`);
  const value = context.value(input);
  const one = alongLast(context, value, value.shape, (v) => {
    const squares = m.divide(m.affine(m.mul(v, v), ones, 1, undefined), inputSize);
    const root = m.root(m.add(squares, m.constant(epsilon, 1)));
    const y = m.quotient(v, m.concat(Array.from({ length: inputSize }, () => root)));
    return gamma === undefined ? y : m.mul(y, gamma);
  });
  return [[name, one]];
};
