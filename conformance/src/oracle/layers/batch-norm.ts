import type { BatchNormSpec } from "@unroll/api";
import { alongLast, type Equations } from "./context.js";

/** Rule `batch-norm`. */
export const batchNorm: Equations<BatchNormSpec> = ({ name, input, inputSize, epsilon }, context) => {
  const { m, weight } = context;
  const [mean, variance] = [weight(`${name}.movingMean`)!, weight(`${name}.movingVariance`)!];
  const [gamma, beta] = [weight(`${name}.gamma`), weight(`${name}.beta`)];
  const minus = m.constant(-1, inputSize);
  const deviation = m.root(m.add(variance, m.constant(epsilon, inputSize)));
  const value = context.value(input);
  const one = alongLast(context, value, value.shape, (v) => {
    const y = m.quotient(m.add(v, m.mul(mean, minus)), deviation);
    const scaled = gamma === undefined ? y : m.mul(y, gamma);
    return beta === undefined ? scaled : m.add(scaled, beta);
  });
  return [[name, one]];
};
