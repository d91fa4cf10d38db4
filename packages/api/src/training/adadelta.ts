import { checkedNumbers } from "./numbers.js";
import type { Framework, UpdateRule } from "./update-rule.js";
import { decayed } from "./weight-decay.js";

/** Options of {@link adadelta}. */
export interface AdadeltaOptions {
  /** How much of both mean squares stays. Default 0.95 in Keras, 0.9 in PyTorch. */
  readonly rho?: number;
  /** Added within both roots. Default 1e-7 in Keras, 1e-6 in PyTorch. */
  readonly epsilon?: number;
  /** In PyTorch added to the gradient (L2), in Keras taken off the weight. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Adadelta: s ← rho s + (1 - rho) g²; d = g √(u + epsilon) / √(s + epsilon); u ← rho u + (1 - rho) d²; a
 * step of lr d. Keras 3 (`keras/src/optimizers/adadelta.py`) and PyTorch (`torch.optim.Adadelta`) differ in
 * defaults and decay alone; PyTorch's learning rate is 1 by default, Keras's 0.001.
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export function adadelta(framework: Framework, options: AdadeltaOptions = {}): UpdateRule {
  const name = `${framework} adadelta`;
  const keras = framework === "keras";
  const defaults = { rho: keras ? 0.95 : 0.9, epsilon: keras ? 1e-7 : 1e-6, weightDecay: 0 };
  const { rho, epsilon, weightDecay } = checkedNumbers(name, options, defaults).numbers;
  return {
    name,
    slots: { square: 0, moved: 0 },
    scalars: (_step, learningRate) => ({ learningRate }),
    append(b, given) {
      const { weight, gradient } = decayed(b, given, keras ? "weight" : "gradient", weightDecay);
      const average = (of: string, value: typeof weight): typeof weight =>
        b.add(b.mul(given.slots[of]!, b.constant(rho)), b.mul(b.mul(value, value), b.constant(1 - rho)));
      const root = (value: typeof weight): typeof weight => b.sqrt(b.add(value, b.constant(epsilon)));
      const square = average("square", gradient);
      const step = b.div(b.mul(root(given.slots["moved"]!), gradient), root(square));
      return {
        weight: b.sub(weight, b.mul(given.scalars["learningRate"]!, step)),
        slots: { square, moved: average("moved", step) },
      };
    },
  };
}
