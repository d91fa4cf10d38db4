import type { AdamOptions } from "./adaptive.js";
import { checkedNumbers } from "./numbers.js";
import { type Framework, moved, type UpdateRule } from "./update-rule.js";
import { decayed } from "./weight-decay.js";

/**
 * Adam by the largest gradient: m is a moving mean of g, u ← max(beta2 u, |g|), and a step of
 * lr m / ((1 - beta1^t) u).
 *
 * Keras 3 (`keras/src/optimizers/adamax.py`) adds epsilon to u as it divides; PyTorch
 * (`torch.optim.Adamax`) to |g| before the larger is taken.
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export function adamax(framework: Framework, options: Omit<AdamOptions, "amsgrad"> = {}): UpdateRule {
  const name = `${framework} adamax`;
  const keras = framework === "keras";
  const defaults = { beta1: 0.9, beta2: 0.999, epsilon: keras ? 1e-7 : 1e-8, weightDecay: 0 };
  const { beta1, beta2, epsilon, weightDecay } = checkedNumbers(name, options, defaults).numbers;
  return {
    name,
    slots: { mean: 0, largest: 0 },
    scalars: (step, learningRate) => ({ learningRate, rate: learningRate / (1 - beta1 ** step) }),
    append(b, given) {
      const { weight, gradient } = decayed(b, given, keras ? "weight" : "gradient", weightDecay);
      const small = b.constant(epsilon);
      const size = keras ? b.abs(gradient) : b.add(b.abs(gradient), small);
      const mean = moved(b, given.slots["mean"]!, gradient, 1 - beta1);
      const largest = b.max(b.mul(given.slots["largest"]!, b.constant(beta2)), size);
      const step = b.div(b.mul(mean, given.scalars["rate"]!), keras ? b.add(largest, small) : largest);
      return { weight: b.sub(weight, step), slots: { mean, largest } };
    },
  };
}
