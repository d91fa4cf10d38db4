import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/**
 * Minimal gated unit, a GRU with one gate:
 *
 * f = σ(x·Kf + h·Uf + bf), n = tanh(x·Kn + (f ⊙ h)·Un + bn), h' = (1 - f) ⊙ h + f ⊙ n
 *
 * `inputSize` is the size of x, `units` that of h. Weights: `kernel` [inputSize, 2 units], `recurrentKernel`
 * [units, 2 units], `bias` [2 units], gates f n. The state part is `h`.
 *
 * Source: Zhou, Wu, Zhang and Zhou, "Minimal Gated Unit for Recurrent Neural Networks", 2016.
 */
export function minimalGatedCell({
  inputSize,
  units,
}: {
  readonly inputSize: number;
  readonly units: number;
}): CustomCellSpec {
  return customCell({
    name: "minimalGated",
    inputSize,
    state: { h: units },
    weights: { kernel: [inputSize, 2 * units], recurrentKernel: [units, 2 * units], bias: [2 * units] },
    step(b, { x, state: { h }, weights }) {
      const fromInput = affine(b, x, weights.kernel, weights.bias);
      const gate = (v: typeof h, k: number): typeof h => b.slice(v, 1, k * units, units);
      const f = b.sigmoid(b.add(gate(fromInput, 0), b.matmul(h, gate(weights.recurrentKernel, 0))));
      const n = b.tanh(b.add(gate(fromInput, 1), b.matmul(b.mul(f, h), gate(weights.recurrentKernel, 1))));
      return { state: { h: b.add(b.mul(b.sub(b.constant(1), f), h), b.mul(f, n)) } };
    },
  });
}
