import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/**
 * Hidden Markov model as a cell: the forward algorithm with scaling, one observation a step. It reads how
 * likely each state makes the observation, x [batch, states], e.g. an embedding whose table [symbols, states]
 * holds the emission probabilities, and puts out [batch, states + 1]: the probability of each state given the
 * observations so far, and the logarithm of the probability of this observation given those before it, whose
 * sum over time is the log-likelihood of the sequence.
 *
 * p = prior at the first step, or what was predicted; e = Σ p ⊙ x; filtered = p ⊙ x / e; predicted' =
 * filtered · transition
 *
 * Weights: `prior` [states], `transition` [states, states], rows summing to 1. State parts: `predicted`
 * [states], and `begun` [1], 0 before the first observation, so that a state of zeros is a sequence's start.
 *
 * Source: Rabiner, "A Tutorial on Hidden Markov Models", 1989, sections III.A and V.A.
 */
export function hiddenMarkovCell({ states }: { readonly states: number }): CustomCellSpec {
  return customCell({
    name: "hiddenMarkov",
    inputSize: states,
    state: { predicted: states, begun: 1 },
    weights: { prior: [states], transition: [states, states] },
    step(b, { x, state: { predicted, begun }, weights }) {
      const one = b.constant(1);
      const expected = b.add(b.mul(begun, predicted), b.mul(b.sub(one, begun), weights.prior));
      const joint = b.mul(expected, x);
      const evidence = b.sum(joint, 1);
      const filtered = b.div(joint, evidence);
      return {
        state: { predicted: b.matmul(filtered, weights.transition), begun: b.expand(one, begun) },
        output: b.concat([filtered, b.log(evidence)], 1),
      };
    },
  });
}
