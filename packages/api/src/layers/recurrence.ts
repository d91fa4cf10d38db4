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

/** What a step returns: its state parts, and the part or other value that is the output. */
export interface Stepped<Part extends string> {
  readonly state: Readonly<Record<Part, Value>>;
  readonly output: Value;
}

/** A state whose part h is the output. */
export const outputH = <State extends { readonly h: Value }>(
  state: State,
): { state: State; output: Value } => ({
  state,
  output: state.h,
});

/** What a cell's output is: a part of its state, or a value of its own of some size. */
export type OutputKind<Part extends string> = { readonly part: Part } | { readonly size: number };

/** What a cell is folded over. */
export interface Fold<Part extends string> {
  /** [time, batch, inputSize] */
  readonly x: Value;
  /** At most one of `mask` and `lengths`. */
  readonly extent: NamedValues;
  /** Initial state. */
  readonly state: Readonly<Record<Part, Value>>;
  /** What every step sees as it is: weights. Those that are undefined are left out. */
  readonly captures: NamedValues;
  /** What every step sees one element of, beside x: [time, batch, ...]. */
  readonly elements?: Readonly<Record<string, Value>>;
  readonly attrs: RecurrentAttrs;
  readonly output: OutputKind<NoInfer<Part>>;
}

/** What one step of a cell sees. */
export interface StepView<Part extends string> {
  readonly x: Value;
  readonly state: Readonly<Record<Part, Value>>;
  readonly captures: NamedValues;
  readonly elements: Readonly<Record<string, Value>>;
}

const named = <T>(names: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(names.map((name, k) => [name, values[k]!]));

/**
 * A value of the first axes of another one, [batch] for [batch, ...], with axes of length 1 for the rest.
 *
 * @param axes how many it has
 */
export function perRow(b: Block, given: Value, like: Value, axes = 1): Value {
  let result = given;
  for (let axis = axes; axis < like.type.shape.length; axis++) result = b.expandDims(result, axis);
  return result;
}

/**
 * Folds a cell over time with a mask or lengths: a masked step keeps every state part, so padding, whatever
 * it holds, never reaches a result. A row without any real step ends with its initial state.
 */
export function foldCell<Part extends string>(
  b: Block,
  { x, extent, state, captures, elements = {}, attrs, output }: Fold<Part>,
  cell: (b: Block, view: StepView<Part>) => Stepped<Part>,
): { y: Value; carries: Record<Part, Value> } {
  const parts = Object.keys(state) as Part[];
  const kept = Object.keys(captures).filter((name) => captures[name] !== undefined);
  const beside = Object.keys(elements);
  const mask = maskOf(b, x, extent);
  const held = mask && attrs.maskedOutput === "hold" && (attrs.heldStart === "zeros" || !("part" in output));
  const carried = parts.map((part) => state[part]);
  if (held)
    carried.push(
      "part" in output ? b.expand(b.constant(0), state[output.part]) : zeroRows(b, x, output.size),
    );

  const result = b.scan(
    {
      carries: carried,
      sequences: [x, ...beside.map((name) => elements[name]!), ...(mask ? [mask] : [])],
      captures: kept.map((name) => captures[name]!),
      reverse: attrs.reverse,
    },
    (inner, carries, [element, ...others], seen) => {
      const before = named(parts, carries) as Record<Part, Value>;
      const view = {
        x: element!,
        state: before,
        captures: named(kept, seen),
        elements: named(beside, others),
      };
      const after = cell(inner, view);
      if (!mask) return { carries: parts.map((part) => after.state[part]), stacked: [after.output] };
      const real = others[beside.length]!;
      const next = parts.map((part) =>
        inner.select(perRow(inner, real, before[part]), after.state[part], before[part]),
      );
      const otherwise =
        attrs.maskedOutput === "zero"
          ? inner.constant(0)
          : held
            ? carries[parts.length]!
            : before[(output as { part: NoInfer<Part> }).part];
      const y = inner.select(inner.expandDims(real, 1), after.output, otherwise);
      return { carries: held ? [...next, y] : next, stacked: [y] };
    },
  );
  return { y: result.stacked[0]!, carries: named(parts, result.carries) as Record<Part, Value> };
}

/**
 * Zeros [batch, size] for x [time, batch, ...]: no value of that shape may be there to stretch to, so a row
 * of them is added to as many zeros as there are rows.
 */
function zeroRows(b: Block, x: Value, size: number): Value {
  const column = b.expandDims(b.mul(b.cast(b.iota(x, 1), "float32"), b.constant(0)), 1);
  return b.add(column, b.constant(new Array<number>(size).fill(0), [1, size]));
}
