import type { Block, NamedValues, Value } from "../program/builder.js";
import type { Attrs } from "../contract/program.js";

/** How a recurrent layer walks over time; the same for every cell. */
export interface RecurrentAttrs extends Attrs {
  /** Runs from the last step to the first. The output stays in the input's time order. */
  readonly reverse: boolean;
  /** Output at a masked step: zeros (torch, ONNX, TensorFlow 1), or the output before it (Keras). */
  readonly maskedOutput: "zero" | "hold";
  /**
   * What a held output is before the first real step: zeros (Keras on TensorFlow and torch) or the initial h
   * (Keras on JAX and NumPy, TensorFlow.js). Without effect unless `maskedOutput` is `hold`.
   */
  readonly heldStart: "zeros" | "initialState";
}

/** x·kernel + bias, or x·kernel without one. */
export function affine(b: Block, x: Value, kernel: Value, bias: Value | undefined): Value {
  const product = b.matmul(x, kernel);
  return bias ? b.add(product, bias) : product;
}

/**
 * Which steps of x [time, batch, ...] are real, bool [time, batch], by a mask or by lengths; undefined where
 * all are.
 */
export const maskOf = (b: Block, x: Value, { mask, lengths }: NamedValues = {}): Value | undefined =>
  mask ?? (lengths && b.less(b.expandDims(b.iota(x, 0), 1), b.expandDims(lengths, 0)));

/** What a step gives: its state parts, and the part or other value that is put out. */
export interface Stepped<Part extends string> {
  readonly state: Readonly<Record<Part, Value>>;
  readonly output: Value;
}

/** A state of which h is put out. */
export const put = <State extends { readonly h: Value }>(state: State): { state: State; output: Value } => ({
  state,
  output: state.h,
});

/** What a cell puts out: a part of its state, or a value of its own of some size. */
export type OutputForm<Part extends string> = { readonly part: Part } | { readonly size: number };

/**
 * Folds a cell over time with a mask or lengths: a masked step keeps every state part, so padding, whatever
 * it holds, never reaches a result. A row without any real step ends with its initial state.
 *
 * @param v `x`, the weights, and at most one of `mask` and `lengths`
 * @param state initial state
 */
export function sequenceOf<Part extends string>(
  b: Block,
  v: NamedValues,
  state: Readonly<Record<Part, Value>>,
  weightNames: readonly string[],
  attrs: RecurrentAttrs,
  form: OutputForm<NoInfer<Part>>,
  cell: (b: Block, x: Value, state: Readonly<Record<Part, Value>>, weights: NamedValues) => Stepped<Part>,
): { y: Value; carries: Record<Part, Value> } {
  const parts = Object.keys(state) as Part[];
  const weights = weightNames.filter((name) => v[name] !== undefined);
  const x = v["x"]!;
  const mask = maskOf(b, x, v);
  const held = mask && attrs.maskedOutput === "hold" && (attrs.heldStart === "zeros" || !("part" in form));
  const carried = parts.map((part) => state[part]);
  if (held)
    carried.push("part" in form ? b.expand(b.constant(0), state[form.part]) : zeroRows(b, x, form.size));

  const result = b.scan(
    {
      carries: carried,
      sequences: mask ? [x, mask] : [x],
      captures: weights.map((name) => v[name]!),
      reverse: attrs.reverse,
    },
    (inner, carries, elements, captures) => {
      const before = Object.fromEntries(parts.map((part, k) => [part, carries[k]!])) as Record<Part, Value>;
      const after = cell(
        inner,
        elements[0]!,
        before,
        Object.fromEntries(weights.map((name, k) => [name, captures[k]!])),
      );
      if (!mask) return { carries: parts.map((part) => after.state[part]), stacked: [after.output] };
      const real = inner.expandDims(elements[1]!, 1);
      const next = parts.map((part) => inner.select(real, after.state[part], before[part]));
      const otherwise =
        attrs.maskedOutput === "zero"
          ? inner.constant(0)
          : held
            ? carries[parts.length]!
            : before[(form as { part: NoInfer<Part> }).part];
      const y = inner.select(real, after.output, otherwise);
      return { carries: held ? [...next, y] : next, stacked: [y] };
    },
  );
  return {
    y: result.stacked[0]!,
    carries: Object.fromEntries(parts.map((part, k) => [part, result.carries[k]!])) as Record<Part, Value>,
  };
}

/**
 * Zeros [batch, size] for x [time, batch, ...]: no value of that shape may be there to stretch to, so row 0
 * of a table is read.
 */
function zeroRows(b: Block, x: Value, size: number): Value {
  const none = b.mul(b.iota(x, 1), b.constant(0, [], "int32"));
  return b.gather(b.constant(new Array<number>(size).fill(0), [1, size]), none);
}
