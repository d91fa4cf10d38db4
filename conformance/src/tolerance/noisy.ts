import type { Activation } from "@unroll/api";
import { activationOf, type Arithmetic, concatenated, logSumExp } from "../oracle/arithmetic.js";
import type { Precision } from "./precision.js";
import { generator } from "./random.js";

/** Activations that engines approximate; the others are a few roundings. */
const approximated: readonly Activation[] = ["tanh", "sigmoid", "softplus", "elu"];

/**
 * An approximation's error as a function of the argument: a sine, or the same everywhere, which adds up most
 * over many steps. An odd one has another sign below zero, as
 * the error of every tanh has that is computed from the size of its argument: however small arguments are,
 * those of either sign are off in different directions.
 */
interface Flaw {
  readonly frequency: number;
  readonly phase: number;
  readonly odd: boolean;
}

const flawAt = ({ frequency, phase, odd }: Flaw, argument: number): number =>
  Math.sin(frequency * argument + phase) * (odd && argument < 0 ? -1 : 1);

/** What rounding to a precision does to numbers, drawn at random. */
interface Rounder {
  readonly precision: Precision;
  /** Uniform between -1 and 1, a continuous distribution: signs alone could cancel. */
  readonly sway: () => number;
  /** Of standard deviation 1. */
  readonly spread: () => number;
  /** Infinite where the precision has no such number. */
  readonly held: (value: number) => number;
  readonly rounded: (value: number) => number;
  /** What rounding takes from a sum, from the root of the sum of squares of what went into it. */
  readonly blurred: (spreading: number) => number;
  /** Flaws by the name of the activation or operation; only the former are there from the start. */
  readonly flaws: Map<string, Flaw>;
  readonly drawnFlaw: () => Flaw;
}

function rounderOf(precision: Precision, seed: number): Rounder {
  const random = generator(seed);
  const { unit, smallest, largest } = precision;
  const sway = (): number => random() * 2 - 1;
  const spread = (): number => sway() * Math.sqrt(3);
  const held = (value: number): number => (value > largest ? Infinity : value < -largest ? -Infinity : value);
  // By turns, so that few runs have all of them.
  const [odd, level] = [seed % 2 === 0, seed % 4 < 2];
  const drawnFlaw = (): Flaw =>
    level
      ? { frequency: 0, phase: (Math.PI / 2) * (random() < 0.5 ? -1 : 1), odd }
      : { frequency: 0.5 * 40 ** random(), phase: 2 * Math.PI * random(), odd };
  return {
    precision,
    sway,
    spread,
    held,
    rounded: (value) => held(value + value * (Math.abs(value) < smallest ? 1 : unit) * sway()),
    blurred: (spreading) =>
      (spreading < smallest ? spreading : Math.max(unit * spreading, smallest)) * spread(),
    flaws: new Map(approximated.map((name) => [name, drawnFlaw()])),
    drawnFlaw,
  };
}

/** A matrix product with the error that its sums have. */
const affineOf =
  ({ held, blurred }: Rounder): Arithmetic<Float64Array>["affine"] =>
  (x, w, columns, bias) => {
    const y = new Float64Array(columns);
    const squares = new Float64Array(columns);
    for (let k = 0; k < x.length; k++) {
      const factor = x[k]!;
      const at = k * columns;
      for (let j = 0; j < columns; j++) {
        const product = factor * w[at + j]!;
        const sum = y[j]! + product;
        y[j] = sum;
        squares[j] = squares[j]! + product * product + sum * sum;
      }
    }
    for (let j = 0; j < columns; j++) {
      if (bias) {
        const sum = y[j]! + bias[j]!;
        y[j] = sum;
        // Engines differ in whether the bias comes first or last, so its size counts for every partial
        // sum's end.
        squares[j] = squares[j]! + sum * sum + bias[j]! * bias[j]!;
      }
      y[j] = held(y[j]! + blurred(Math.sqrt(squares[j]!)));
    }
    return y;
  };

const activateOf =
  ({
    precision: { unit, activation },
    sway,
    rounded,
    flaws,
  }: Rounder): Arithmetic<Float64Array>["activate"] =>
  (name, a) => {
    if (name === "linear") return a;
    const f = activationOf[name];
    if (name === "relu") return a.map(f);
    const flaw = flaws.get(name);
    if (!flaw) return a.map((value) => rounded(f(rounded(value))) + unit * sway());
    return a.map((value) => rounded(f(value)) + activation * flawAt(flaw, value));
  };

/** Softmaxes, whose error grows with how far a value is from the largest. */
const softmaxesOf = ({
  precision: { unit },
  sway,
  spread,
}: Rounder): Pick<Arithmetic<Float64Array>, "softmax" | "logSoftmax"> => ({
  softmax(a) {
    const log = logSumExp(a);
    return a.map((value) => Math.exp(value - log) * (1 + 4 * unit * (1 + Math.abs(value - log)) * sway()));
  },
  logSoftmax(a) {
    const log = logSumExp(a);
    const largest = a.reduce((p, q) => Math.max(p, q), -Infinity);
    return a.map(
      (value) =>
        value - log + 2 * unit * (Math.abs(value - largest) + Math.abs(log - largest) + 1) * spread(),
    );
  },
});

/** Operations of a custom cell's program. */
const primitivesOf = ({
  precision: { activation },
  held,
  rounded,
  blurred,
  flaws,
  drawnFlaw,
}: Rounder): Arithmetic<Float64Array>["primitives"] => {
  const flawOf = (name: string): Flaw => {
    const known = flaws.get(name) ?? drawnFlaw();
    flaws.set(name, known);
    return known;
  };
  return (given, compute) =>
    compute(given, {
      value(value, approximated) {
        if (!approximated) return rounded(value);
        const { op, argument } = approximated;
        // What is not bounded by 1, as e^x and log x, is approximated to a share of its size.
        return rounded(value) + activation * Math.max(1, Math.abs(value)) * flawAt(flawOf(op), argument);
      },
      sum: (value, spreading) => held(value + blurred(spreading)),
    });
};

/**
 * Float64 arithmetic in which every number given and every operation is off by a random amount of the size
 * that rounding to the precision has.
 *
 * - An input or weight moves by up to half an ulp.
 * - A sum of K products rounds K times, each time by up to half an ulp of the sum so far; the standard
 *   deviation of the total is the root of the sum of squares (Higham and Mary, "A new approach to
 *   probabilistic rounding error analysis", 2019: rounding errors act as independent and of zero mean).
 * - Every elementwise operation moves its result by up to half an ulp.
 * - What is below the precision's smallest normal number may be flushed to zero, and so may each product of a
 *   sum.
 * - What is past the precision's largest number is infinite, as it is in the engine.
 * - An approximated activation is off by a fixed function of its argument, as an engine's approximation is:
 *   over many steps it adds up as no independent noise would. Each run draws one whose
 *   amplitude is the budget: a sine of random frequency and phase, or in two runs of four the same
 *   everywhere; in every other run it changes its sign below zero.
 *
 * Layout operations are exact.
 */
export function noisy(precision: Precision, seed: number): Arithmetic<Float64Array> {
  const rounder = rounderOf(precision, seed);
  const { rounded } = rounder;
  const primitives = primitivesOf(rounder);
  return {
    from: (values) => Float64Array.from(values).map(rounded),
    zeros: (length) => new Float64Array(length),
    values: (v) => v,
    affine: affineOf(rounder),
    add: (a, b) => a.map((value, k) => rounded(value + b[k]!)),
    mul: (a, b) => a.map((value, k) => rounded(value * b[k]!)),
    complement: (a) => a.map((value) => rounded(1 - value)),
    divide: (a, n) => a.map((value) => rounded(value / n)),
    quotient: (a, b) => a.map((value, k) => rounded(value / b[k]!)),
    root: (a) => a.map((value) => rounded(Math.sqrt(value))),
    clamp: (a, limit) => a.map((value) => Math.min(Math.max(value, -limit), limit)),
    larger: (a, b) => a.map((value, k) => Math.max(value, b[k]!)),
    constant(value, length) {
      const held = Math.fround(value) === value ? value : rounded(value);
      return new Float64Array(length).fill(held);
    },
    activate: activateOf(rounder),
    wave: (op, a) =>
      primitives([a], ([argument], rounding) => [
        argument!.map((x) => rounding.value(Math[op](x), { op, argument: x })),
      ])[0]!,
    ...softmaxesOf(rounder),
    slice: (a, from, length) => a.slice(from, from + length),
    concat: concatenated,
    primitives,
  };
}
