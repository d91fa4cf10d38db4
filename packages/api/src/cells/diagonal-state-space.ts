import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { exponential, times } from "./complex.js";

/**
 * Diagonal state space (S4D): each feature of the input is filtered by itself, by complex states of its own,
 * which stand for their conjugates too. A continuous system with steps of length Δ, its input held between
 * them:
 *
 * Δ = exp(δ), a = -exp(α) + i ω, s' = e^(Δ a) ⊙ s + (e^(Δ a) - 1) / a ⊙ x, y = 2 Re(Σ c ⊙ s') + d ⊙ x
 *
 * `inputSize` is the number of features, of x and of the output, `states` that of complex states a feature,
 * half of the N of the paper. Weights: `logStep` [inputSize], δ; `logDecay`, α, `frequency`, ω, `outputRe`
 * and `outputIm`, c, [inputSize, states]; `skip` [inputSize], d. State parts are `re` and `im` [inputSize,
 * states]; the output is none.
 *
 * Source: Gu, Gupta, Goel and Ré, "On the Parameterization and Initialization of Diagonal State Space
 * Models", 2022, the section on S4D, with B = 1 and discretisation by zero-order hold; its weights as in the
 * authors' `s4d.py`.
 */
export function diagonalStateSpaceCell({
  inputSize,
  states,
}: {
  readonly inputSize: number;
  readonly states: number;
}): CustomCellSpec {
  const shape = [inputSize, states];
  return customCell({
    name: "diagonalStateSpace",
    inputSize,
    state: { re: shape, im: shape },
    weights: {
      logStep: [inputSize],
      logDecay: shape,
      frequency: shape,
      outputRe: shape,
      outputIm: shape,
      skip: [inputSize],
    },
    step(b, { x, state, weights: w }) {
      const length = b.expandDims(b.exp(w.logStep), 1);
      const rate = { re: b.neg(b.exp(w.logDecay)), im: w.frequency };
      const factor = exponential(b, { re: b.mul(length, rate.re), im: b.mul(length, rate.im) });
      // (e^(Δ a) - 1) / a, by the conjugate of a.
      const size = b.add(b.mul(rate.re, rate.re), b.mul(rate.im, rate.im));
      const less = { re: b.sub(factor.re, b.constant(1)), im: factor.im };
      const over = times(b, less, { re: rate.re, im: b.neg(rate.im) });
      const kept = times(b, factor, state);
      const entering = (part: Value): Value => b.mul(b.div(part, size), b.expandDims(x, 2));
      const [re, im] = [b.add(kept.re, entering(over.re)), b.add(kept.im, entering(over.im))];
      const seen = b.sum(b.sub(b.mul(w.outputRe, re), b.mul(w.outputIm, im)), 2);
      return {
        state: { re, im },
        output: b.add(b.mul(b.constant(2), b.squeeze(seen, 2)), b.mul(w.skip, x)),
      };
    },
  });
}
