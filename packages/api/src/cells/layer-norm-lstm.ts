import type { Block, Value } from "../program/builder.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/** Options of {@link layerNormLstmCell}. */
export interface LayerNormLstmOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output. */
  readonly units: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/** Along the last axis: (x - mean) / √(variance + epsilon) ⊙ gain + shift. */
function layerNorm(b: Block, x: Value, gain: Value, shift: Value, epsilon: number): Value {
  const size = b.constant(x.type.shape[1] as number);
  const centred = b.sub(x, b.div(b.sum(x, 1), size));
  const variance = b.div(b.sum(b.mul(centred, centred), 1), size);
  return b.add(b.mul(b.div(centred, b.sqrt(b.add(variance, b.constant(epsilon)))), gain), shift);
}

/**
 * LSTM whose products and cell state are normalised over their features, LN(v) = (v - mean) / √(variance + ε)
 * ⊙ gain + shift:
 *
 * i f g o = LN(x·K) + LN(h·U) + b, c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g), h' = σ(o) ⊙ tanh(LN(c'))
 *
 * Weights: `kernel` [inputSize, 4 units], `recurrentKernel` [units, 4 units], `bias`, `inputGain`,
 * `inputShift`, `recurrentGain` and `recurrentShift` [4 units], `cellGain` and `cellShift` [units]. State
 * parts are `h` and `c`.
 *
 * Source: Ba, Kiros and Hinton, "Layer Normalization", 2016, supplementary material, on recurrent networks.
 */
export function layerNormLstmCell({
  inputSize,
  units,
  epsilon = 1e-5,
}: LayerNormLstmOptions): CustomCellSpec {
  const columns = 4 * units;
  return customCell({
    name: "layerNormLstm",
    inputSize,
    state: { h: units, c: units },
    weights: {
      kernel: [inputSize, columns],
      recurrentKernel: [units, columns],
      bias: [columns],
      inputGain: [columns],
      inputShift: [columns],
      recurrentGain: [columns],
      recurrentShift: [columns],
      cellGain: [units],
      cellShift: [units],
    },
    step(b, { x, state: { h, c }, weights: w }) {
      const fromInput = layerNorm(b, b.matmul(x, w.kernel), w.inputGain, w.inputShift, epsilon);
      const fromState = layerNorm(
        b,
        b.matmul(h, w.recurrentKernel),
        w.recurrentGain,
        w.recurrentShift,
        epsilon,
      );
      const pre = b.add(b.add(fromInput, fromState), w.bias);
      const gate = (k: number): Value => b.slice(pre, 1, k * units, units);
      const [i, f, g, o] = [b.sigmoid(gate(0)), b.sigmoid(gate(1)), b.tanh(gate(2)), b.sigmoid(gate(3))];
      const next = b.add(b.mul(f, c), b.mul(i, g));
      return {
        state: { h: b.mul(o, b.tanh(layerNorm(b, next, w.cellGain, w.cellShift, epsilon))), c: next },
      };
    },
  });
}
