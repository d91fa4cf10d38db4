import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CellRead } from "../layers/custom-fields.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { gatesOf, mixed } from "./gates.js";

/** Options of {@link phasedLstmCell}. */
export interface PhasedLstmOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output. */
  readonly units: number;
  /** α, how far a closed time gate is open. Default 0.001, as in training; 0 is the paper's for inference. */
  readonly leak?: number;
}

/**
 * LSTM each of whose units is open in a rhythm of its own, for events at any points of time. With t the time
 * of the step, φ = ((t - s) mod τ) / τ and
 *
 * k = 2 φ / r for φ < r / 2, 2 - 2 φ / r for φ < r, α φ else
 * i f g o = σ, σ, tanh, σ of x·K + h·U + b, c~ = f ⊙ c + i ⊙ g, c' = k ⊙ c~ + (1 - k) ⊙ c
 * h' = k ⊙ o ⊙ tanh(c~) + (1 - k) ⊙ h
 *
 * The cell reads `timestamp`, [1] along the steps: `recurrent({ ..., reads: { timestamp: "t" } })`. Weights:
 * `kernel` [inputSize, 4 units], `recurrentKernel` [units, 4 units], `bias` [4 units], gates i f g o, and τ
 * `period`, s `shift`, r `openRatio`, [units]. State parts are `h` and `c`.
 *
 * Source: Neil, Pfeiffer and Liu, "Phased LSTM: Accelerating Recurrent Network Training for Long or
 * Event-based Sequences", 2016, section 2: the time gate and the update under it, without peepholes.
 */
export function phasedLstmCell({ inputSize, units, leak = 0.001 }: PhasedLstmOptions): CustomCellSpec {
  return customCell({
    name: "phasedLstm",
    inputSize,
    state: { h: units, c: units },
    weights: {
      kernel: [inputSize, 4 * units],
      recurrentKernel: [units, 4 * units],
      bias: [4 * units],
      period: [units],
      shift: [units],
      openRatio: [units],
    },
    reads: { timestamp: { along: "steps", shape: [1] } satisfies CellRead },
    step(b, { x, state: { h, c }, weights: w, reads: { timestamp } }) {
      const turns = b.div(b.sub(timestamp, w.shift), w.period);
      const phase = b.sub(turns, b.floor(turns));
      const rising = b.div(b.mul(b.constant(2), phase), w.openRatio);
      const falling = b.sub(b.constant(2), rising);
      const k = b.select(
        b.less(rising, b.constant(1)),
        rising,
        b.select(b.less(phase, w.openRatio), falling, b.mul(b.constant(leak), phase)),
      );
      const pre = b.add(affine(b, x, w.kernel, w.bias), b.matmul(h, w.recurrentKernel));
      const [i, f, g, o] = gatesOf(b, pre, 4) as [Value, Value, Value, Value];
      const open = b.add(b.mul(b.sigmoid(f), c), b.mul(b.sigmoid(i), b.tanh(g)));
      return {
        state: { h: mixed(b, k, b.mul(b.sigmoid(o), b.tanh(open)), h), c: mixed(b, k, open, c) },
      };
    },
  });
}
