import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Block, Value } from "../program/builder.js";
import { gatesOf } from "./gates.js";

type Four = [Value, Value, Value, Value];

/** Gates i f g o, before activation, of x·K + h·U + b. */
const gates = (b: Block, x: Value, h: Value, kernel: Value, recurrentKernel: Value, bias: Value): Four =>
  gatesOf(b, b.add(affine(b, x, kernel, bias), b.matmul(h, recurrentKernel)), 4) as Four;

/**
 * Nested LSTM: in the place of the sum that makes an LSTM's cell state stands another LSTM, with a memory of
 * its own.
 *
 * i f g o = σ, σ, tanh, σ of x·K + h·U + b; x~ = i ⊙ g, h~ = f ⊙ c
 * i~ f~ g~ o~ = σ, σ, tanh, σ of x~·K~ + h~·U~ + b~; n' = f~ ⊙ n + i~ ⊙ g~, c' = o~ ⊙ tanh(n')
 * h' = o ⊙ tanh(c')
 *
 * `inputSize` is the size of x, `units` that of the state. Weights: `kernel` [inputSize, 4 units],
 * `recurrentKernel` [units, 4 units], `bias` [4 units], and of the inner LSTM `innerKernel` and
 * `innerRecurrentKernel` [units, 4 units], `innerBias` [4 units], gates i f g o. State parts are `h`, `c`,
 * which is what the inner LSTM puts out, and `inner`, n, its cell state.
 *
 * Source: Moniz and Krueger, "Nested LSTMs", 2017, section 3,.
 */
export function nestedLstmCell({
  inputSize,
  units,
}: {
  readonly inputSize: number;
  readonly units: number;
}): CustomCellSpec {
  const columns = 4 * units;
  return customCell({
    name: "nestedLstm",
    inputSize,
    state: { h: units, c: units, inner: units },
    weights: {
      kernel: [inputSize, columns],
      recurrentKernel: [units, columns],
      bias: [columns],
      innerKernel: [units, columns],
      innerRecurrentKernel: [units, columns],
      innerBias: [columns],
    },
    step(b, { x, state: { h, c, inner }, weights: w }) {
      const [i, f, g, o] = gates(b, x, h, w.kernel, w.recurrentKernel, w.bias);
      const entering = b.mul(b.sigmoid(i), b.tanh(g));
      const kept = b.mul(b.sigmoid(f), c);
      const [ii, fi, gi, oi] = gates(b, entering, kept, w.innerKernel, w.innerRecurrentKernel, w.innerBias);
      const memory = b.add(b.mul(b.sigmoid(fi), inner), b.mul(b.sigmoid(ii), b.tanh(gi)));
      const next = b.mul(b.sigmoid(oi), b.tanh(memory));
      return { state: { h: b.mul(b.sigmoid(o), b.tanh(next)), c: next, inner: memory } };
    },
  });
}
