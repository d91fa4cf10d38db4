import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Block, Value } from "../program/builder.js";
import { gatesOf, mixed } from "./gates.js";

/** Options of {@link minGruCell} and {@link minLstmCell}. */
export interface MinimalRecurrenceOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output. */
  readonly units: number;
  /**
   * `linear`: the candidate is what its product gives. `positive`: g of it, x + 1/2 from 0 on and σ(x) below,
   * as the form in log-space that models are trained in has it. Default `linear`.
   */
  readonly candidate?: "linear" | "positive";
}

/** g of the form in log-space: above 0 everywhere. */
export const candidateOf = (b: Block, kind: "linear" | "positive", x: Value): Value =>
  kind === "linear" ? x : b.select(b.less(x, b.constant(0)), b.sigmoid(x), b.add(x, b.constant(0.5)));

/**
 * GRU whose gate and candidate see the input alone (minGRU).
 *
 * z = σ(x·Kz + bz), n = g(x·Kn + bn), h' = (1 - z) ⊙ h + z ⊙ n
 *
 * Weights: `kernel` [inputSize, 2 units], `bias` [2 units], gates z n. The state part is `h`. A model that
 * was trained in log-space has `candidate: "positive"`; the numbers are those of its parallel scan, while the
 * state is h, not its logarithm, as a mean of candidates can't overflow.
 *
 * Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi, "Were RNNs All We Needed?", 2024, section 3.1, and
 * appendix B for log-space.
 */
export function minGruCell({
  inputSize,
  units,
  candidate = "linear",
}: MinimalRecurrenceOptions): CustomCellSpec {
  return customCell({
    name: "minGru",
    inputSize,
    state: { h: units },
    weights: { kernel: [inputSize, 2 * units], bias: [2 * units] },
    step(b, { x, state: { h }, weights: w }) {
      const [z, n] = gatesOf(b, affine(b, x, w.kernel, w.bias), 2) as [Value, Value];
      return { state: { h: mixed(b, b.sigmoid(z), candidateOf(b, candidate, n), h) } };
    },
  });
}
