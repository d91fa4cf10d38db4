import type { GroupNormSpec } from "@unroll/api";
import { type Context, type Equations, gathered, sizeOf } from "./context.js";

/** Rule `group-norm`: a group is some features of the last axis at every place of the axes before it. */
export const groupNorm: Equations<GroupNormSpec> = <V>(layer: GroupNormSpec, context: Context<V>) => {
  const { m } = context;
  const { name, inputSize, groups, epsilon } = layer;
  const value = context.value(layer.input);
  const [size, within] = [sizeOf(value.shape), inputSize / groups];
  const group = (k: number): number => Math.floor((k % inputSize) / within);
  const all = Array.from({ length: size }, (_, k) => k);
  const members = Array.from({ length: groups }, (_, g) => all.filter((k) => group(k) === g));
  const count = size / groups;
  const ones = m.constant(1, count);
  const everywhere = (one: V): V => m.concat(Array.from({ length: count }, () => one));
  const mean = (v: V): V => m.divide(m.affine(v, ones, 1, undefined), count);
  const standardised = (v: V): V => {
    const centred = m.add(v, m.mul(everywhere(mean(v)), m.constant(-1, count)));
    const deviation = m.root(m.add(mean(m.mul(centred, centred)), m.constant(epsilon, 1)));
    return m.quotient(centred, everywhere(deviation));
  };
  const places = all.map((k) => group(k) * count + members[group(k)]!.indexOf(k));
  const along = (weight: V | undefined): V | undefined =>
    weight && m.concat(Array.from({ length: size / inputSize }, () => weight));
  const [gamma, beta] = ["gamma", "beta"].map((key) => along(context.weight(`${name}.${key}`)));
  const whole = (v: V): V => {
    const parts = members.map((own) => standardised(gathered(m, v, own)));
    const y = gathered(m, m.concat(parts), places);
    const scaled = gamma === undefined ? y : m.mul(y, gamma);
    return beta === undefined ? scaled : m.add(scaled, beta);
  };
  return [[name, { ...value, rows: value.rows.map((steps) => steps.map(whole)) }]];
};
