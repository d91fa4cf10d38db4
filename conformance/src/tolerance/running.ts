import { type Activation, unrollError } from "@unroll/api";
import { type Arithmetic, exact } from "../oracle/arithmetic.js";
import type { Precision } from "./precision.js";

/** Values with a first-order bound of the error that each may have. */
export interface Bounded {
  /** The values themselves, in float64. */
  readonly value: Float64Array;
  /** How far each may be off, first-order. */
  readonly error: Float64Array;
}

/** Largest slope of each activation. */
const slopes: Readonly<Record<Activation, number>> = {
  linear: 1,
  tanh: 1,
  sigmoid: 0.25,
  relu: 1,
  hardSigmoidSixth: 1 / 6,
  hardSigmoidFifth: 0.2,
  softsign: 1,
  softplus: 1,
  elu: 1,
  leakyRelu: 1,
};

const made = (value: Float64Array, error: (k: number) => number): Bounded => ({
  value,
  error: value.map((_, k) => error(k)),
});

/** A matrix product with the error that its operands bring and its sums add. */
const affineOf =
  (unit: number): Arithmetic<Bounded>["affine"] =>
  (x, w, columns, bias) => {
    const value = exact.affine(x.value, w.value, columns, bias?.value);
    const error = new Float64Array(columns);
    const size = new Float64Array(columns);
    const terms = x.value.length + (bias ? 1 : 0);
    for (let k = 0; k < x.value.length; k++) {
      const [a, ea] = [Math.abs(x.value[k]!), x.error[k]!];
      for (let j = 0; j < columns; j++) {
        const b = Math.abs(w.value[k * columns + j]!);
        error[j] = error[j]! + a * w.error[k * columns + j]! + b * ea;
        size[j] = size[j]! + a * b;
      }
    }
    for (let j = 0; j < columns; j++)
      error[j] =
        error[j]! + (bias?.error[j] ?? 0) + terms * unit * (size[j]! + Math.abs(bias?.value[j] ?? 0));
    return { value, error };
  };

const softmaxesOf = (unit: number): Pick<Arithmetic<Bounded>, "softmax" | "logSoftmax"> => ({
  softmax(a) {
    const value = exact.softmax(a.value);
    const largest = a.error.reduce((p, q) => Math.max(p, q), 0);
    return made(value, (k) => value[k]! * 2 * (largest + (4 + a.value.length) * unit));
  },
  logSoftmax(a) {
    const value = exact.logSoftmax(a.value);
    const largest = a.error.reduce((p, q) => Math.max(p, q), 0);
    return made(value, (k) => 2 * largest + (4 + a.value.length) * unit * (1 + Math.abs(value[k]!)));
  },
});

/**
 * Float64 arithmetic that carries a running error bound (Higham, "Accuracy and Stability of Numerical
 * Algorithms", section 3.3): the worst case of every rounding, signs never cancelling. Rigorous to first
 * order, and the alternative to the noise of `noisy.ts`; docs/numerics.md says what each is worth.
 */
export function running({ unit, activation }: Precision): Arithmetic<Bounded> {
  const rounded = (value: Float64Array, error: (k: number) => number): Bounded =>
    made(value, (k) => error(k) + unit * Math.abs(value[k]!));
  return {
    from: (values) => rounded(Float64Array.from(values), () => 0),
    zeros: (length) => ({ value: new Float64Array(length), error: new Float64Array(length) }),
    values: ({ value }) => value,
    affine: affineOf(unit),
    add: (a, b) => rounded(exact.add(a.value, b.value), (k) => a.error[k]! + b.error[k]!),
    mul: (a, b) =>
      rounded(
        exact.mul(a.value, b.value),
        (k) => Math.abs(a.value[k]!) * b.error[k]! + Math.abs(b.value[k]!) * a.error[k]!,
      ),
    complement: (a) => rounded(exact.complement(a.value), (k) => a.error[k]!),
    divide: (a, n) => rounded(exact.divide(a.value, n), (k) => a.error[k]! / n),
    quotient: (a, b) =>
      rounded(
        exact.quotient(a.value, b.value),
        (k) => (a.error[k]! + Math.abs(a.value[k]! / b.value[k]!) * b.error[k]!) / Math.abs(b.value[k]!),
      ),
    // Where the error is no longer small beside the value, its own root bounds that of the root.
    root: (a) =>
      rounded(exact.root(a.value), (k) =>
        Math.min(a.error[k]! / (2 * Math.sqrt(a.value[k]!) || 1e-300), Math.sqrt(a.error[k]!)),
      ),
    clamp: (a, limit) => made(exact.clamp(a.value, limit), (k) => a.error[k]!),
    larger: (a, b) => made(exact.larger(a.value, b.value), (k) => Math.max(a.error[k]!, b.error[k]!)),
    constant: (value, length) => rounded(exact.constant(value, length), () => 0),
    activate: (name, a) =>
      rounded(
        exact.activate(name, a.value),
        (k) => slopes[name] * a.error[k]! + (name === "linear" || name === "relu" ? 0 : activation),
      ),
    // Neither has a slope beyond 1.
    wave: (op, a) => rounded(exact.wave(op, a.value), (k) => a.error[k]! + activation),
    ...softmaxesOf(unit),
    primitives() {
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: "running bound",
        expected: "a spec without custom cells",
        got: "one",
        cure: "use deriveBounds, whose noise goes through any operation",
      });
    },
    slice: (a, from, length) => ({
      value: a.value.slice(from, from + length),
      error: a.error.slice(from, from + length),
    }),
    concat: (parts) => ({
      value: exact.concat(parts.map((part) => part.value)),
      error: exact.concat(parts.map((part) => part.error)),
    }),
  };
}
