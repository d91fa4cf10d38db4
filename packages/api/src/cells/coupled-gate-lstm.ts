import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { gatesOf, mixed } from "./gates.js";

/**
 * LSTM with coupled input and forget gate (CIFG): what it forgets is what it takes in anew.
 *
 * i g o = σ, tanh, σ of x·K + h·U + b, c' = (1 - i) ⊙ c + i ⊙ g, h' = o ⊙ tanh(c')
 *
 * `inputSize` is the size of x, `units` that of the state. Weights: `kernel` [inputSize, 3 units],
 * `recurrentKernel` [units, 3 units], `bias` [3 units], gates i g o. State parts are `h` and `c`. One with
 * peepholes is `onnxCell` with `inputForget`.
 *
 * Source: Greff, Srivastava, Koutník, Steunebrink and Schmidhuber, "LSTM: A Search Space Odyssey", 2017,
 * variant CIFG.
 */
export function coupledGateLstmCell({
  inputSize,
  units,
}: {
  readonly inputSize: number;
  readonly units: number;
}): CustomCellSpec {
  return customCell({
    name: "coupledGateLstm",
    inputSize,
    state: { h: units, c: units },
    weights: { kernel: [inputSize, 3 * units], recurrentKernel: [units, 3 * units], bias: [3 * units] },
    step(b, { x, state: { h, c }, weights: w }) {
      const pre = b.add(affine(b, x, w.kernel, w.bias), b.matmul(h, w.recurrentKernel));
      const [i, g, o] = gatesOf(b, pre, 3) as [typeof h, typeof h, typeof h];
      const next = mixed(b, b.sigmoid(i), b.tanh(g), c);
      return { state: { h: b.mul(b.sigmoid(o), b.tanh(next)), c: next } };
    },
  });
}
