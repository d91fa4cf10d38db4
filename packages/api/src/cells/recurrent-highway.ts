import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/** Options of {@link recurrentHighwayCell}. */
export interface RecurrentHighwayOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output. */
  readonly units: number;
  /** Highway layers that each step passes through; the input enters the first. Default 1. */
  readonly depth?: number;
  /**
   * Whether the carry gate is 1 - t, as the paper's experiments have it, rather than one of its own. Default
   * true.
   */
  readonly coupled?: boolean;
}

/**
 * Recurrent highway network. For each of `depth` layers l, with s the state [batch, units]:
 *
 * h = tanh(x·K + s·U + b), t = σ(x·K + s·U + b), c = σ(x·K + s·U + b) or 1 - t, s' = h ⊙ t + s ⊙ c
 *
 * where x·K stands in the first layer only. Weights: `kernel` [inputSize, gates x units] and, for each layer
 * l from 1, `recurrentKernel<l>` [units, gates x units] and `bias<l>` [gates x units], gates h t and c where
 * it is not coupled. The state part is `h`.
 *
 * Source: Zilly, Srivastava, Koutník and Schmidhuber, "Recurrent Highway Networks", 2017, equations 6 to 9.
 */
export function recurrentHighwayCell({
  inputSize,
  units,
  depth = 1,
  coupled = true,
}: RecurrentHighwayOptions): CustomCellSpec {
  const columns = (coupled ? 2 : 3) * units;
  const layers = Array.from({ length: depth }, (_, k) => k + 1);
  return customCell({
    name: "recurrentHighway",
    inputSize,
    state: { h: units },
    weights: Object.fromEntries<readonly number[]>([
      ["kernel", [inputSize, columns]],
      ...layers.flatMap((l): [string, number[]][] => [
        [`recurrentKernel${l}`, [units, columns]],
        [`bias${l}`, [columns]],
      ]),
    ]),
    step(b, { x, state, weights }) {
      let s = state.h;
      for (const l of layers) {
        const fromState = affine(b, s, weights[`recurrentKernel${l}`]!, weights[`bias${l}`]);
        const pre = l === 1 ? b.add(b.matmul(x, weights["kernel"]!), fromState) : fromState;
        const gate = (k: number): typeof pre => b.slice(pre, 1, k * units, units);
        const [h, t] = [b.tanh(gate(0)), b.sigmoid(gate(1))];
        const c = coupled ? b.sub(b.constant(1), t) : b.sigmoid(gate(2));
        s = b.add(b.mul(h, t), b.mul(s, c));
      }
      return { state: { h: s } };
    },
  });
}
