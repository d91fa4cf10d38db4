import { activate } from "../layers/activations.js";
import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { gatesOf, mixed } from "./gates.js";
import { candidateOf, type MinimalRecurrenceOptions } from "./min-gru.js";

/**
 * LSTM whose gates and candidate see the input alone, without output gate and with gates that sum to 1
 * (minLSTM).
 *
 * f = σ(x·Kf + bf), i = σ(x·Ki + bi), n = g(x·Kn + bn), h' = (f ⊙ h + i ⊙ n) / (f + i)
 *
 * Weights: `kernel` [inputSize, 3 units], `bias` [3 units], gates f i n. The state part is `h`. A model that
 * was trained in log-space has `candidate: "positive"`, as with `minGruCell`.
 *
 * Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi, "Were RNNs All We Needed?", 2024, section 3.2, and
 * appendix B for log-space.
 */
export function minLstmCell({
  inputSize,
  units,
  candidate = "linear",
}: MinimalRecurrenceOptions): CustomCellSpec {
  return customCell({
    name: "minLstm",
    inputSize,
    state: { h: units },
    weights: { kernel: [inputSize, 3 * units], bias: [3 * units] },
    step(b, { x, state: { h }, weights: w }) {
      const [f, i, n] = gatesOf(b, affine(b, x, w.kernel, w.bias), 3) as [Value, Value, Value];
      // f / (f + i) by logarithms, log σ(v) = -softplus(-v): both gates may be too small to be divided.
      const cost = (gate: Value): Value => activate(b, "softplus", b.neg(gate));
      const keep = b.sigmoid(b.sub(cost(i), cost(f)));
      return { state: { h: mixed(b, keep, h, candidateOf(b, candidate, n)) } };
    },
  });
}
