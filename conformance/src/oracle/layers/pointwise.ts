import type {
  ActivationSpec,
  DenseSpec,
  DropoutSpec,
  EmbeddingSpec,
  MergeSpec,
  RepeatSpec,
} from "@unroll/api";
import type { Arithmetic } from "../arithmetic.js";
import { alongLast, type Context, type Equations, sizeOf, type Value } from "./context.js";

/** Rule `activation`, those of layers outside a recurrence among them. */
export function activated<V>(m: Arithmetic<V>, name: ActivationSpec["activation"], v: V): V {
  switch (name) {
    case "softmax":
      return m.softmax(v);
    case "logSoftmax":
      return m.logSoftmax(v);
    case "relu6":
      return m.activate("relu", m.clamp(v, 6));
    case "silu":
      return m.mul(v, m.activate("sigmoid", v));
    case "hardSilu":
      return m.mul(v, m.activate("hardSigmoidSixth", v));
    case "mish":
      return m.mul(v, m.activate("tanh", m.activate("softplus", v)));
    default:
      return m.activate(name, v);
  }
}

/** Rule `embedding`. */
export const embedding: Equations<EmbeddingSpec> = ({ name, input, outputSize }, context) => {
  const { m } = context;
  const ids = context.ids(input).data;
  const { axis, shape, rows } = context.value(input);
  const size = sizeOf(shape);
  const table = context.weight(`${name}.table`)!;
  const vectors = (row: number, t: number, time: number): ReturnType<typeof m.concat> =>
    m.concat(
      Array.from({ length: size }, (_, k) =>
        m.slice(table, ids[(row * time + t) * size + k]! * outputSize, outputSize),
      ),
    );
  const looked = rows.map((steps, row) => steps.map((_, t) => vectors(row, t, steps.length)));
  return [[name, { axis, shape: [...shape, outputSize], rows: looked }]];
};

/** Rule `dense`. */
export const dense: Equations<DenseSpec> = ({ name, input, units, activation }, context) => {
  const value = context.value(input);
  const kernel = context.weight(`${name}.kernel`)!;
  const bias = context.weight(`${name}.bias`);
  const shape = [...value.shape.slice(0, -1), units];
  const one = alongLast(context, value, shape, (v) =>
    activated(context.m, activation, context.m.affine(v, kernel, units, bias)),
  );
  return [[name, one]];
};

/** Rule `activation`. */
export const activation: Equations<ActivationSpec> = (layer, context) => {
  const { m } = context;
  const value = context.value(layer.input);
  const { activation: name, slope } = layer;
  const one = alongLast(context, value, value.shape, (v) => {
    if (slope === null) return activated(m, name, v);
    const factor = m.from(Array.from(m.values(v), (x) => (x > 0 ? 1 : slope)));
    return m.mul(name === "elu" ? m.activate("elu", v) : v, factor);
  });
  return [[layer.name, one]];
};

export const dropout: Equations<DropoutSpec> = ({ name, input }, context) => [[name, context.value(input)]];

/** What merges two vectors, element by element. */
function pairwise<V>(m: Arithmetic<V>, mode: MergeSpec["mode"]): (a: V, b: V) => V {
  const negated = (v: V): V => m.mul(v, m.constant(-1, m.values(v).length));
  switch (mode) {
    case "mul":
      return m.mul;
    case "sub":
      return (a, b) => m.add(a, negated(b));
    case "max":
      return m.larger;
    case "min":
      return (a, b) => negated(m.larger(negated(a), negated(b)));
    default:
      return m.add;
  }
}

/** Rule `merge`. */
export function merged<V>({ m }: Context<V>, mode: MergeSpec["mode"], given: readonly Value<V>[]): Value<V> {
  const [{ axis, shape, rows }] = given as readonly [Value<V>];
  const lengths = given.map((value) => value.shape[value.shape.length - 1]!);
  const joined = (vectors: readonly V[]): V =>
    m.concat(
      Array.from({ length: sizeOf(shape.slice(0, -1)) }, (_, k) =>
        vectors.map((v, n) => m.slice(v, k * lengths[n]!, lengths[n]!)),
      ).flat(),
    );
  const combined = (vectors: readonly V[]): V => {
    if (mode === "concat") return joined(vectors);
    const result = vectors.reduce(pairwise(m, mode));
    return mode === "ave" ? m.divide(result, vectors.length) : result;
  };
  return {
    axis,
    shape: mode === "concat" ? [...shape.slice(0, -1), lengths.reduce((a, b) => a + b)] : shape,
    rows: rows.map((steps, row) => steps.map((_, t) => combined(given.map((value) => value.rows[row]![t]!)))),
  };
}

export const merge: Equations<MergeSpec> = ({ name, inputs, mode }, context) => [
  [name, merged(context, mode, inputs.map(context.value))],
];

/** Rule `repeat`. */
export const repeat: Equations<RepeatSpec> = ({ name, input, steps, axis }, context) => {
  const { shape, rows } = context.value(input);
  const again = rows.map(([one]) => Array.from({ length: steps }, () => one!));
  return [[name, { axis, shape, rows: again }]];
};
