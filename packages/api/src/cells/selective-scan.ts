import { activate } from "../layers/activations.js";
import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Block, Value } from "../program/builder.js";

/** Options of {@link selectiveScanCell}. */
export interface SelectiveScanOptions {
  /** Features of the input and of the output. */
  readonly inputSize: number;
  /** States a feature. */
  readonly states: number;
  /** Size of what the step's length is made of, `dt_rank`. */
  readonly rank: number;
}

/** Weights of the scan of `size` features, by what they are called in every cell that has one. */
export const scanWeights = (size: number, states: number, rank: number) => ({
  projection: [size, rank + 2 * states],
  stepKernel: [rank, size],
  stepBias: [size],
  logDecay: [size, states],
  skip: [size],
});

/** One step of the scan: x [batch, size], h [batch, size, states]. */
export function scanStep(
  b: Block,
  x: Value,
  h: Value,
  w: Readonly<Record<keyof ReturnType<typeof scanWeights>, Value>>,
): { readonly h: Value; readonly y: Value } {
  const [rank, states] = [w.stepKernel.type.shape[0] as number, w.logDecay.type.shape[1] as number];
  const projected = b.matmul(x, w.projection);
  const length = activate(b, "softplus", affine(b, b.slice(projected, 1, 0, rank), w.stepKernel, w.stepBias));
  const enters = b.expandDims(b.slice(projected, 1, rank, states), 1);
  const leaves = b.expandDims(b.slice(projected, 1, rank + states, states), 1);
  const factor = b.exp(b.neg(b.mul(b.expandDims(length, 2), b.exp(w.logDecay))));
  const next = b.add(b.mul(factor, h), b.mul(b.expandDims(b.mul(length, x), 2), enters));
  const seen = b.squeeze(b.sum(b.mul(next, leaves), 2), 2);
  return { h: next, y: b.add(seen, b.mul(w.skip, x)) };
}

/**
 * Selective scan of Mamba (S6): a diagonal state space whose step length, input and output follow from the
 * input.
 *
 * [t B C] = x·P, Δ = softplus(t·K + k), h' = e^(-Δ exp(α)) ⊙ h + Δ x ⊗ B, y = Σ C ⊙ h' + d ⊙ x
 *
 * Weights, with Mamba's names for them: `projection` [inputSize, rank + 2 states], P, `x_proj`; `stepKernel`
 * [rank, inputSize] and `stepBias` [inputSize], `dt_proj`; `logDecay` [inputSize, states], α, `A_log`; `skip`
 * [inputSize], `D`. The state part is `h` [inputSize, states]; the output is none. The whole block around it
 * is `mambaCell`.
 *
 * Source: Gu and Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", 2023, algorithm 2
 * with Ā by zero-order hold and B̄ = Δ B, as the authors' `selective_scan_ref` has it.
 */
export function selectiveScanCell({ inputSize, states, rank }: SelectiveScanOptions): CustomCellSpec {
  return customCell({
    name: "selectiveScan",
    inputSize,
    state: { h: [inputSize, states] },
    weights: scanWeights(inputSize, states, rank),
    step(b, { x, state: { h }, weights }) {
      const next = scanStep(b, x, h, weights);
      return { state: { h: next.h }, output: next.y };
    },
  });
}
