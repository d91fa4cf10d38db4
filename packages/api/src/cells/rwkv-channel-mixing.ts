import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { activate } from "../layers/activations.js";
import { mixed } from "./gates.js";

/** Options of {@link rwkvChannelMixingCell}. */
export interface RwkvChannelMixingOptions {
  /** Size of x and of the output. */
  readonly inputSize: number;
  /** Channels inside. Default 4 `inputSize`. */
  readonly innerSize?: number;
}

/**
 * Channel mixing of RWKV-4, what stands behind its time mixing. With x⁻ the input of the step before:
 *
 * k = relu((μk ⊙ x + (1 - μk) ⊙ x⁻)·Wk)², r = σ((μr ⊙ x + (1 - μr) ⊙ x⁻)·Wr), output r ⊙ (k·Wv)
 *
 * Weights: `mixKey`, `mixReceptance` [inputSize], μ; `keyKernel` [inputSize, innerSize], `valueKernel`
 * [innerSize, inputSize], `receptanceKernel` [inputSize, inputSize]. The state part is `previous`
 * [inputSize], x⁻; the output is none.
 *
 * Source: Peng et al., "RWKV: Reinventing RNNs for the Transformer Era", 2023, channel mixing in
 * section 3.1.
 */
export function rwkvChannelMixingCell({
  inputSize,
  innerSize = 4 * inputSize,
}: RwkvChannelMixingOptions): CustomCellSpec {
  return customCell({
    name: "rwkvChannelMixing",
    inputSize,
    state: { previous: inputSize },
    weights: {
      mixKey: [inputSize],
      mixReceptance: [inputSize],
      keyKernel: [inputSize, innerSize],
      valueKernel: [innerSize, inputSize],
      receptanceKernel: [inputSize, inputSize],
    },
    step(b, { x, state: { previous }, weights: w }) {
      const shifted = (share: Value, kernel: Value): Value => b.matmul(mixed(b, share, x, previous), kernel);
      const key = activate(b, "relu", shifted(w.mixKey, w.keyKernel));
      const receptance = b.sigmoid(shifted(w.mixReceptance, w.receptanceKernel));
      return { state: { previous: x }, output: b.mul(receptance, b.matmul(b.mul(key, key), w.valueKernel)) };
    },
  });
}
