import type { Block, NamedValues, Value } from "../program/builder.js";
import type { Attrs } from "../program/types.js";

/** How a recurrent layer walks over time; the same for every cell. */
export interface RecurrentAttrs extends Attrs {
  /** Runs from the last step to the first. The output stays in the input's time order. */
  readonly reverse: boolean;
  /** Output at a masked step: zeros (torch, ONNX, TensorFlow 1), or the output before it (Keras). */
  readonly maskedOutput: "zero" | "hold";
  /**
   * What a held output is before the first real step: zeros (Keras on TensorFlow and torch) or the initial h (Keras on
   * JAX and NumPy, TensorFlow.js). Without effect unless `maskedOutput` is `hold`.
   */
  readonly heldStart: "zeros" | "initialState";
}

/** x·kernel + bias, or x·kernel without one. */
export function affine(b: Block, x: Value, kernel: Value, bias: Value | undefined): Value {
  const product = b.matmul(x, kernel);
  return bias ? b.add(product, bias) : product;
}

/**
 * Folds a cell over time with a mask or lengths: a masked step keeps every state part, so padding, whatever it holds,
 * never reaches a result. A row without any real step ends with its initial state.
 *
 * @param v the composite's inputs: `x`, the weights, and at most one of `mask` and `lengths`
 * @param state initial state; part `h` is also the output
 */
export function sequenceOf<Part extends string>(
  b: Block, v: NamedValues, state: Readonly<Record<Part | "h", Value>>, weightNames: readonly string[], attrs: RecurrentAttrs,
  cell: (b: Block, x: Value, state: Readonly<Record<Part | "h", Value>>, weights: NamedValues) => Readonly<Record<Part | "h", Value>>,
): { y: Value; carries: Record<Part | "h", Value> } {
  const parts = Object.keys(state) as (Part | "h")[];
  const weights = weightNames.filter((name) => v[name] !== undefined);
  const x = v["x"]!;
  const mask = v["mask"] ?? (v["lengths"] && b.less(b.expandDims(b.iota(x, 0), 1), b.expandDims(v["lengths"], 0)));
  const held = mask && attrs.maskedOutput === "hold" && attrs.heldStart === "zeros";
  const carried = parts.map((part) => state[part]);
  if (held) carried.push(b.expand(b.constant(0), state.h));

  const result = b.scan({ carries: carried, sequences: mask ? [x, mask] : [x], captures: weights.map((name) => v[name]!), reverse: attrs.reverse },
    (inner, carries, elements, captures) => {
      const before = Object.fromEntries(parts.map((part, k) => [part, carries[k]!])) as Record<Part | "h", Value>;
      const after = cell(inner, elements[0]!, before, Object.fromEntries(weights.map((name, k) => [name, captures[k]!])));
      if (!mask) return { carries: parts.map((part) => after[part]), stacked: [after.h] };
      const real = inner.expandDims(elements[1]!, 1);
      const next = parts.map((part) => inner.select(real, after[part], before[part]));
      const otherwise = attrs.maskedOutput === "zero" ? inner.constant(0) : held ? carries[parts.length]! : before.h;
      const y = inner.select(real, after.h, otherwise);
      return { carries: held ? [...next, y] : next, stacked: [y] };
    });
  return { y: result.stacked[0]!, carries: Object.fromEntries(parts.map((part, k) => [part, result.carries[k]!])) as Record<Part | "h", Value> };
}
