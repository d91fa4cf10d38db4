import { activate, type Activation } from "../layers/activations.js";
import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/** Options of {@link indRnnCell}. */
export interface IndRnnOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output. */
  readonly units: number;
  /** Default `relu`, as in the paper. */
  readonly activation?: Activation;
}

/**
 * Independently recurrent network: a unit sees its own past alone, through one weight.
 *
 * h' = φ(x·K + u ⊙ h + b)
 *
 * Weights: `kernel` [inputSize, units], `recurrentWeight` [units], u, and `bias` [units]. The state part is
 * `h`.
 *
 * Source: Li, Li, Cook, Zhu and Gao, "Independently Recurrent Neural Network (IndRNN): Building A Longer and
 * Deeper RNN", 2018, section 3.
 */
export function indRnnCell({ inputSize, units, activation = "relu" }: IndRnnOptions): CustomCellSpec {
  return customCell({
    name: "indRnn",
    inputSize,
    state: { h: units },
    weights: { kernel: [inputSize, units], recurrentWeight: [units], bias: [units] },
    step(b, { x, state: { h }, weights: w }) {
      const pre = b.add(affine(b, x, w.kernel, w.bias), b.mul(w.recurrentWeight, h));
      return { state: { h: activate(b, activation, pre) } };
    },
  });
}
