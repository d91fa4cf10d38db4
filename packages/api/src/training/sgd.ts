import { checkedNumbers } from "./numbers.js";
import type { Framework, UpdateRule } from "./update-rule.js";
import { decayed } from "./weight-decay.js";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** How much of the last step goes on. Default 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
  /** How much of each gradient but the first the momentum leaves out; PyTorch only. Default 0. */
  readonly dampening?: number;
  /** In PyTorch added to the gradient (L2), in Keras taken off the weight. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent.
 *
 * Keras 3 (`keras/src/optimizers/sgd.py`): v ← momentum v - lr g; w ← w + v, with Nesterov w + momentum v -
 * lr g. PyTorch (`torch.optim.SGD`): v ← momentum v + (1 - dampening) g, at first g; w ← w - lr v, with
 * Nesterov w - lr (g + momentum v).
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export function sgd(framework: Framework, options: SgdOptions = {}): UpdateRule {
  const name = `${framework} sgd`;
  const own = checkedNumbers(name, options, { momentum: 0, dampening: 0, weightDecay: 0 }, ["nesterov"]);
  const { momentum, dampening, weightDecay } = own.numbers;
  const { nesterov } = own.truths;
  const keras = framework === "keras";
  if (keras && dampening !== 0) own.refuse("no dampening", `${dampening}`, "Keras has none");
  if (nesterov && !keras && (momentum === 0 || dampening !== 0))
    own.refuse("momentum and no dampening with nesterov", `${momentum}, ${dampening}`, "PyTorch asks for it");
  return {
    name,
    slots: momentum === 0 ? {} : { momentum: 0 },
    scalars: (step, learningRate) => ({
      learningRate,
      ...(momentum !== 0 && !keras && { share: step === 1 ? 1 : 1 - dampening }),
    }),
    append(b, given) {
      const { weight, gradient } = decayed(b, given, keras ? "weight" : "gradient", weightDecay);
      const rate = given.scalars["learningRate"]!;
      if (momentum === 0) return { weight: b.sub(weight, b.mul(rate, gradient)), slots: {} };
      const kept = b.mul(given.slots["momentum"]!, b.constant(momentum));
      if (keras) {
        const step = b.mul(rate, gradient);
        const next = b.sub(kept, step);
        const move = nesterov ? b.sub(b.mul(next, b.constant(momentum)), step) : next;
        return { weight: b.add(weight, move), slots: { momentum: next } };
      }
      const next = b.add(kept, b.mul(gradient, given.scalars["share"]!));
      const move = nesterov ? b.add(gradient, b.mul(next, b.constant(momentum))) : next;
      return { weight: b.sub(weight, b.mul(rate, move)), slots: { momentum: next } };
    },
  };
}
