import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { exponential, times } from "./complex.js";

/**
 * Linear recurrent unit: a complex diagonal recurrence that can't grow, between two matrices.
 *
 * λ = exp(-exp(ν) + i exp(θ)), s' = λ ⊙ s + exp(γ) ⊙ (x·B), y = Re(s'·C) + d ⊙ x
 *
 * `inputSize` is the size of x and of the output, `states` the number of complex states. Weights: `logDecay`,
 * ν, `logPhase`, θ, and `logGain`, γ, [states]; `inputRe`, `inputIm` [inputSize, states], B; `outputRe`,
 * `outputIm` [states, inputSize], C; `skip` [inputSize], d. State parts are `re` and `im` [states]; the
 * output is none.
 *
 * Source: Orvieto, Smith, Gu, Fernando, Gulcehre, Pascanu and De, "Resurrecting Recurrent Neural Networks for
 * Long Sequences", 2023, section 3, and the code of appendix A.
 */
export function lruCell({
  inputSize,
  states,
}: {
  readonly inputSize: number;
  readonly states: number;
}): CustomCellSpec {
  return customCell({
    name: "lru",
    inputSize,
    state: { re: states, im: states },
    weights: {
      logDecay: [states],
      logPhase: [states],
      logGain: [states],
      inputRe: [inputSize, states],
      inputIm: [inputSize, states],
      outputRe: [states, inputSize],
      outputIm: [states, inputSize],
      skip: [inputSize],
    },
    step(b, { x, state, weights: w }) {
      const lambda = exponential(b, { re: b.neg(b.exp(w.logDecay)), im: b.exp(w.logPhase) });
      const kept = times(b, lambda, state);
      const gain = b.exp(w.logGain);
      const entering = (matrix: Value): Value => b.mul(gain, b.matmul(x, matrix));
      const [re, im] = [b.add(kept.re, entering(w.inputRe)), b.add(kept.im, entering(w.inputIm))];
      const real = b.sub(b.matmul(re, w.outputRe), b.matmul(im, w.outputIm));
      return { state: { re, im }, output: b.add(real, b.mul(w.skip, x)) };
    },
  });
}
