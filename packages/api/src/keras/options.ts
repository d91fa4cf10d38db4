import { unrollError } from "../contract/error.js";
import type { Activation } from "../layers/activations.js";
import type { DenseSpec } from "../specification/types.js";
import { shown } from "../contract/shown.js";
import { nearest } from "../contract/nearest.js";

/** Keras's activations by ours. Its `leaky_relu` has slope 0.2, which we don't have. */
const activations: Readonly<Record<string, Activation>> = {
  linear: "linear",
  tanh: "tanh",
  sigmoid: "sigmoid",
  relu: "relu",
  softsign: "softsign",
  softplus: "softplus",
  elu: "elu",
  // Keras 3: clip(x/6 + 1/2). Keras 2 and TensorFlow.js use slope 1/5 under the same name; here that has its
  // own.
  hard_sigmoid: "hardSigmoidSixth",
  hardSigmoid: "hardSigmoidSixth",
  hard_sigmoid_keras2: "hardSigmoidFifth",
  hardSigmoidKeras2: "hardSigmoidFifth",
};
const outer: Readonly<Record<string, DenseSpec["activation"]>> = {
  ...activations,
  softmax: "softmax",
  log_softmax: "logSoftmax",
  logSoftmax: "logSoftmax",
  silu: "silu",
  swish: "silu",
  hard_silu: "hardSilu",
  hardSilu: "hardSilu",
  hard_swish: "hardSilu",
  hardSwish: "hardSilu",
  relu6: "relu6",
  mish: "mish",
};

function look<T>(table: Readonly<Record<string, T>>, place: string, given: unknown): T {
  // A name from a file may be anything, and a list in lists without end has no text.
  const name = given ?? "linear";
  const found = typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
  if (found === undefined) {
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: place,
      expected: `an activation of ${Object.keys(table).join(", ")}`,
      got: shown(name),
      cure: `the nearest is "${nearest(typeof name === "string" ? name : "", Object.keys(table))}"`,
      details: { activation: given },
    });
  }
  return found;
}

/** A cell's activation by Keras's name; null is linear. @throws UNROLL_UNSUPPORTED */
export const cellActivation = (place: string, name: string | null): Activation =>
  look(activations, place, name);

/** The same where softmax is allowed too. @throws UNROLL_UNSUPPORTED */
export const outerActivation = (place: string, name: string | null): DenseSpec["activation"] =>
  look(outer, place, name);
