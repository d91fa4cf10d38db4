import { checkedNumbers } from "./numbers.js";
import { type Framework, moved, type UpdateRule } from "./update-rule.js";
import { decayed } from "./weight-decay.js";

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** How much of the mean square stays; PyTorch's `alpha`. Default 0.9 in Keras, 0.99 in PyTorch. */
  readonly rho?: number;
  /** How much of the last step goes on. Default 0. */
  readonly momentum?: number;
  /** Default 1e-7 in Keras, 1e-8 in PyTorch. */
  readonly epsilon?: number;
  /** Takes the square of the mean gradient off the mean square. Default false. */
  readonly centered?: boolean;
  /** In PyTorch added to the gradient (L2), in Keras taken off the weight. Default 0. */
  readonly weightDecay?: number;
}

/**
 * RMSprop: v ← rho v + (1 - rho) g², and a step of lr g over the root of v.
 *
 * Keras 3 (`keras/src/optimizers/rmsprop.py`) has epsilon within the root, and the learning rate within the
 * momentum; PyTorch (`torch.optim.RMSprop`) has both outside.
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export function rmsprop(framework: Framework, options: RmspropOptions = {}): UpdateRule {
  const name = `${framework} rmsprop`;
  const keras = framework === "keras";
  const defaults = { rho: keras ? 0.9 : 0.99, epsilon: keras ? 1e-7 : 1e-8, momentum: 0, weightDecay: 0 };
  const { numbers, truths } = checkedNumbers(name, options, defaults, ["centered"]);
  const { rho, epsilon, momentum, weightDecay } = numbers;
  return {
    name,
    slots: {
      square: 0,
      ...(truths.centered && { mean: 0 }),
      ...(momentum > 0 && { momentum: 0 }),
    },
    scalars: (_step, learningRate) => ({ learningRate }),
    append(b, given) {
      const { weight, gradient } = decayed(b, given, keras ? "weight" : "gradient", weightDecay);
      const { slots, scalars } = given;
      const average = (of: string, value: typeof weight): typeof weight =>
        b.add(b.mul(slots[of]!, b.constant(rho)), b.mul(value, b.constant(1 - rho)));
      const square = average("square", b.mul(gradient, gradient));
      const mean = truths.centered ? average("mean", gradient) : null;
      const spread = mean ? b.sub(square, b.mul(mean, mean)) : square;
      const small = b.constant(epsilon);
      const root = keras ? b.sqrt(b.add(spread, small)) : b.add(b.sqrt(spread), small);
      const rate = scalars["learningRate"]!;
      const kept = { square, ...(mean && { mean }) };
      const step = keras ? b.div(b.mul(rate, gradient), root) : b.div(gradient, root);
      const next = momentum > 0 ? b.add(b.mul(slots["momentum"]!, b.constant(momentum)), step) : step;
      return {
        weight: b.sub(weight, keras ? next : b.mul(rate, next)),
        slots: { ...kept, ...(momentum > 0 && { momentum: next }) },
      };
    },
  };
}

/** Options of {@link adagrad}. */
export interface AdagradOptions {
  /** What the sum of squares starts from. Default 0.1 in Keras, 0 in PyTorch. */
  readonly initialAccumulator?: number;
  /** Default 1e-7 in Keras, 1e-10 in PyTorch. */
  readonly epsilon?: number;
  /** By how much the learning rate falls: lr / (1 + (step - 1) decay); PyTorch only. Default 0. */
  readonly learningRateDecay?: number;
  /** In PyTorch added to the gradient (L2), in Keras taken off the weight. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Adagrad: s ← s + g², and a step of lr g over the root of s, with epsilon within the root in Keras 3
 * (`keras/src/optimizers/adagrad.py`) and outside in PyTorch (`torch.optim.Adagrad`).
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export function adagrad(framework: Framework, options: AdagradOptions = {}): UpdateRule {
  const name = `${framework} adagrad`;
  const keras = framework === "keras";
  const defaults = {
    initialAccumulator: keras ? 0.1 : 0,
    epsilon: keras ? 1e-7 : 1e-10,
    learningRateDecay: 0,
    weightDecay: 0,
  };
  const { numbers, refuse } = checkedNumbers(name, options, defaults);
  const { initialAccumulator, epsilon, learningRateDecay, weightDecay } = numbers;
  if (keras && learningRateDecay !== 0)
    refuse("no learningRateDecay", `${learningRateDecay}`, "lower the learning rate from step to step");
  return {
    name,
    slots: { sum: initialAccumulator },
    scalars: (step, learningRate) => ({
      learningRate,
      rate: learningRate / (1 + (step - 1) * learningRateDecay),
    }),
    append(b, given) {
      const { weight, gradient } = decayed(b, given, keras ? "weight" : "gradient", weightDecay);
      const sum = b.add(given.slots["sum"]!, b.mul(gradient, gradient));
      const small = b.constant(epsilon);
      const root = keras ? b.sqrt(b.add(sum, small)) : b.add(b.sqrt(sum), small);
      return { weight: b.sub(weight, b.div(b.mul(given.scalars["rate"]!, gradient), root)), slots: { sum } };
    },
  };
}

/** Options of {@link adam}, {@link adamW} and {@link nadam}. */
export interface AdamOptions {
  /** How much of the mean gradient stays. Default 0.9. */
  readonly beta1?: number;
  /** How much of the mean square stays. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7 in Keras, 1e-8 in PyTorch. */
  readonly epsilon?: number;
  /** Default 0; of AdamW 0.004 in Keras and 0.01 in PyTorch. */
  readonly weightDecay?: number;
  /** Divides by the largest mean square there was; not of Nadam. Default false. */
  readonly amsgrad?: boolean;
}

/**
 * Adam: m and v are moving means of g and g², and a step of lr m̂ / (√v̂ + epsilon).
 *
 * Keras 3 (`keras/src/optimizers/adam.py`) corrects the learning rate, lr √(1 - beta2^t) / (1 - beta1^t), and
 * adds epsilon to √v as it is; PyTorch (`torch.optim.Adam`) adds it to √v / √(1 - beta2^t). AMSGrad keeps the
 * largest v in both.
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export const adam = (framework: Framework, options: AdamOptions = {}): UpdateRule =>
  adamOf("adam", framework, options, framework === "keras" ? "weight" : "gradient", 0);

/** {@link adam} whose decay takes lr · decay · w off the weight, in Keras and in PyTorch alike. */
export const adamW = (framework: Framework, options: AdamOptions = {}): UpdateRule =>
  adamOf("adamW", framework, options, "weight", framework === "keras" ? 0.004 : 0.01);

function adamOf(
  kind: string,
  framework: Framework,
  options: AdamOptions,
  decays: "weight" | "gradient",
  weightDecay: number,
): UpdateRule {
  const name = `${framework} ${kind}`;
  const keras = framework === "keras";
  const defaults = { beta1: 0.9, beta2: 0.999, epsilon: keras ? 1e-7 : 1e-8, weightDecay };
  const { numbers, truths } = checkedNumbers(name, options, defaults, ["amsgrad"]);
  const { beta1, beta2, epsilon } = numbers;
  return {
    name,
    slots: { mean: 0, square: 0, ...(truths.amsgrad && { largest: 0 }) },
    scalars(step, learningRate) {
      const [first, root] = [1 - beta1 ** step, Math.sqrt(1 - beta2 ** step)];
      return keras
        ? { learningRate, rate: (learningRate * root) / first }
        : { learningRate, rate: learningRate / first, root };
    },
    append(b, given) {
      const { weight, gradient } = decayed(b, given, decays, numbers.weightDecay);
      const { slots, scalars } = given;
      const mean = moved(b, slots["mean"]!, gradient, 1 - beta1);
      const square = moved(b, slots["square"]!, b.mul(gradient, gradient), 1 - beta2);
      const largest = truths.amsgrad ? b.max(slots["largest"]!, square) : null;
      const spread = b.sqrt(largest ?? square);
      const root = b.add(keras ? spread : b.div(spread, scalars["root"]!), b.constant(epsilon));
      return {
        weight: b.sub(weight, b.div(b.mul(mean, scalars["rate"]!), root)),
        slots: { mean, square, ...(largest && { largest }) },
      };
    },
  };
}

/** Share of beta1 that Nadam uses at a step: beta1 (1 - 0.96^(step · pace) / 2). */
const nadamShare = (beta1: number, step: number, pace: number): number =>
  beta1 * (1 - 0.5 * 0.96 ** (step * pace));

/**
 * Adam with Nesterov momentum: a step of lr (c_g g + c_m m) / (√v̂ + epsilon), where u_t is the schedule of
 * beta1, c_g = (1 - u_t) / (1 - Π u up to t) and c_m = u_(t+1) / (1 - Π u up to t + 1).
 *
 * Keras 3 (`keras/src/optimizers/nadam.py`) has u_t = beta1 (1 - 0.96^t / 2); PyTorch (`torch.optim.NAdam`)
 * 0.96^(0.004 t) there, its `momentum_decay`.
 *
 * @throws UNROLL_ARGUMENT for options that it does not have or that don't fit
 */
export function nadam(framework: Framework, options: Omit<AdamOptions, "amsgrad"> = {}): UpdateRule {
  const name = `${framework} nadam`;
  const keras = framework === "keras";
  const defaults = { beta1: 0.9, beta2: 0.999, epsilon: keras ? 1e-7 : 1e-8, weightDecay: 0 };
  const { numbers } = checkedNumbers(name, options, defaults);
  const { beta1, beta2, epsilon, weightDecay } = numbers;
  const pace = keras ? 1 : 0.004;
  // By step: a run may go on from any of them.
  const products = [1];
  const product = (step: number): number => {
    for (let at = products.length; at <= step; at++)
      products.push(products[at - 1]! * nadamShare(beta1, at, pace));
    return products[step]!;
  };
  return {
    name,
    slots: { mean: 0, square: 0 },
    scalars: (step, learningRate) => ({
      learningRate,
      ofGradient: (learningRate * (1 - nadamShare(beta1, step, pace))) / (1 - product(step)),
      ofMean: (learningRate * nadamShare(beta1, step + 1, pace)) / (1 - product(step + 1)),
      correction: 1 - beta2 ** step,
    }),
    append(b, given) {
      const { weight, gradient } = decayed(b, given, keras ? "weight" : "gradient", weightDecay);
      const { slots, scalars } = given;
      const mean = moved(b, slots["mean"]!, gradient, 1 - beta1);
      const square = moved(b, slots["square"]!, b.mul(gradient, gradient), 1 - beta2);
      const root = b.add(b.sqrt(b.div(square, scalars["correction"]!)), b.constant(epsilon));
      const step = b.add(b.mul(gradient, scalars["ofGradient"]!), b.mul(mean, scalars["ofMean"]!));
      return { weight: b.sub(weight, b.div(step, root)), slots: { mean, square } };
    },
  };
}
