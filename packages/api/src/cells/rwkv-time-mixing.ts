import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { mixed } from "./gates.js";

/** Options of {@link rwkvTimeMixingCell}. */
export interface RwkvTimeMixingOptions {
  /** Size of x and of the output. */
  readonly inputSize: number;
  /** Channels of the attention. Default `inputSize`. */
  readonly attentionSize?: number;
}

/**
 * Time mixing of RWKV-4: attention as a recurrence. With x⁻ the input of the step before:
 *
 * k = (μk ⊙ x + (1 - μk) ⊙ x⁻)·Wk, v = (μv ⊙ x + (1 - μv) ⊙ x⁻)·Wv, r = σ((μr ⊙ x + (1 - μr) ⊙ x⁻)·Wr)
 * q = max(p, u + k): y = (e^(p - q) ⊙ a + e^(u + k - q) ⊙ v) / (e^(p - q) ⊙ b + e^(u + k - q))
 * output (r ⊙ y)·Wo
 * p' = max(p - e^w, k), a' = e^(p - e^w - p') ⊙ a + e^(k - p') ⊙ v, b' = e^(p - e^w - p') ⊙ b + e^(k - p')
 *
 * Where b is 0, before the first step, q is u + k and p' is k, so a state of zeros is a start, and so is one
 * of zeros with p = -1e38. Weights: `mixKey`, `mixValue`, `mixReceptance` [inputSize], μ; `decay`
 * [attentionSize], w, and `first` [attentionSize], u; `keyKernel`, `valueKernel`, `receptanceKernel`
 * [inputSize, attentionSize], `outputKernel` [attentionSize, inputSize]. State parts: `previous` [inputSize],
 * x⁻, `a`, `b` and `p` [attentionSize]; the output is none.
 *
 * Source: Peng et al., "RWKV: Reinventing RNNs for the Transformer Era", 2023, token shift, WKV
 * operator and output gating in section 3.1, and the numerically stable form of the appendix.
 */
export function rwkvTimeMixingCell({
  inputSize,
  attentionSize = inputSize,
}: RwkvTimeMixingOptions): CustomCellSpec {
  const matrix = [inputSize, attentionSize];
  return customCell({
    name: "rwkvTimeMixing",
    inputSize,
    state: { previous: inputSize, a: attentionSize, b: attentionSize, p: attentionSize },
    weights: {
      mixKey: [inputSize],
      mixValue: [inputSize],
      mixReceptance: [inputSize],
      decay: [attentionSize],
      first: [attentionSize],
      keyKernel: matrix,
      valueKernel: matrix,
      receptanceKernel: matrix,
      outputKernel: [attentionSize, inputSize],
    },
    step(block, { x, state: { previous, a, b, p }, weights: w }) {
      const shifted = (share: Value, kernel: Value): Value =>
        block.matmul(mixed(block, share, x, previous), kernel);
      const key = shifted(w.mixKey, w.keyKernel);
      const value = shifted(w.mixValue, w.valueKernel);
      const receptance = block.sigmoid(shifted(w.mixReceptance, w.receptanceKernel));
      const zero = block.constant(0);
      const begun = block.less(zero, b);
      /** Numerator and denominator with one more element, of exponent `enters`, and the largest exponent. */
      const joined = (held: Value, enters: Value): [Value, Value, Value] => {
        const largest = block.select(begun, block.max(held, enters), enters);
        const old = block.select(begun, block.exp(block.sub(held, largest)), zero);
        const young = block.exp(block.sub(enters, largest));
        const numerator = block.add(block.mul(old, a), block.mul(young, value));
        return [numerator, block.add(block.mul(old, b), young), largest];
      };
      const [above, below] = joined(p, block.add(w.first, key));
      const [nextA, nextB, nextP] = joined(block.sub(p, block.exp(w.decay)), key);
      const output = block.matmul(block.mul(receptance, block.div(above, below)), w.outputKernel);
      return { state: { previous: x, a: nextA, b: nextB, p: nextP }, output };
    },
  });
}
