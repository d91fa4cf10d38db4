import { unrollError } from "../contract/error.js";
import { activate } from "../layers/activations.js";
import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Block, Value } from "../program/builder.js";
import { gatesOf } from "./gates.js";

/** Options of {@link sLstmCell}. */
export interface SLstmOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output; a multiple of `heads`. */
  readonly units: number;
  /** Groups of units, each of which sees only its own state. Default 1. */
  readonly heads?: number;
  /** Activation of the forget gate. Default `sigmoid`. */
  readonly forgetGate?: "sigmoid" | "exponential";
}

/** log of the forget gate from what its activation is applied to. */
export const logForget = (b: Block, kind: "sigmoid" | "exponential", f: Value): Value =>
  kind === "exponential" ? f : b.neg(activate(b, "softplus", b.neg(f)));

/** Size of each of `heads` groups. @throws UNROLL_ARGUMENT where units can't be shared out */
export function headSize(place: string, units: number, heads: number): number {
  const size = units / heads;
  if (!Number.isInteger(size) || size < 1)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "units that are a multiple of heads",
      got: `${units} units, ${heads} heads`,
      cure: "each head has as many",
      details: { units, heads },
    });
  return size;
}

/**
 * The scalar LSTM of xLSTM: an exponential input gate, a normaliser n, and m, which keeps exponents small.
 *
 * i f z o = x·K + h·U + b, m' = max(log σ(f) + m, i), i' = exp(i - m'), f' = exp(log σ(f) + m - m')
 * c' = f' ⊙ c + i' ⊙ tanh(z), n' = f' ⊙ n + i', h' = σ(o) ⊙ c' / n'
 *
 * Where n is 0, before the first step, m' is i: then nothing depends on m, so a state of zeros is a start.
 * Weights: `kernel` [inputSize, 4 units], `bias` [4 units], gates i f z o; `recurrentKernel` [heads, units /
 * heads, 4 units / heads], each head's from its own h, gates i f z o. State parts are `h`, `c`, `n` and `m`.
 *
 * Source: Beck, Pöppel, Spanring, Auer, Prudnikova, Kopp, Klambauer, Brandstetter and Hochreiter, "xLSTM:
 * Extended Long Short-Term Memory", 2024, equations 8 to 17.
 *
 * @throws UNROLL_ARGUMENT for units that are no multiple of heads
 */
export function sLstmCell({
  inputSize,
  units,
  heads = 1,
  forgetGate = "sigmoid",
}: SLstmOptions): CustomCellSpec {
  const size = headSize("sLstmCell", units, heads);
  return customCell({
    name: "sLstm",
    inputSize,
    state: { h: units, c: units, n: units, m: units },
    weights: {
      kernel: [inputSize, 4 * units],
      recurrentKernel: [heads, size, 4 * size],
      bias: [4 * units],
    },
    step(b, { x, state: { h, c, n, m }, weights: w }) {
      const fromInput = gatesOf(b, affine(b, x, w.kernel, w.bias), 4);
      // [batch, heads, 1, size] · [heads, size, 4 size]
      const grouped = b.expandDims(b.concat(gatesOf(b, b.expandDims(h, 1), heads), 1), 2);
      const fromState = gatesOf(b, b.squeeze(b.matmul(grouped, w.recurrentKernel), 2), 4);
      const [i, f, z, o] = fromInput.map((gate, k) => b.add(gate, b.mergeAxes(fromState[k]!, 1, 2))) as [
        Value,
        Value,
        Value,
        Value,
      ];
      const kept = b.add(logForget(b, forgetGate, f), m);
      const stabiliser = b.select(b.equal(n, b.constant(0)), i, b.max(kept, i));
      const [enter, keep] = [b.exp(b.sub(i, stabiliser)), b.exp(b.sub(kept, stabiliser))];
      // At the start what is kept is nothing, however large its factor.
      const held = (part: Value): Value =>
        b.select(b.equal(n, b.constant(0)), b.constant(0), b.mul(keep, part));
      const cell = b.add(held(c), b.mul(enter, b.tanh(z)));
      const normaliser = b.add(held(n), enter);
      return {
        state: {
          h: b.mul(b.sigmoid(o), b.div(cell, normaliser)),
          c: cell,
          n: normaliser,
          m: stabiliser,
        },
      };
    },
  });
}
