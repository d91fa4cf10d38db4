import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { nearest } from "../contract/nearest.js";
import { shown } from "../contract/shown.js";

/** What every layer of TensorFlow.js takes that matters to training, or to how it computes, alone. */
export interface TrainingArgs {
  /** Without effect: weights are given. */
  readonly kernelInitializer?: string | object;
  /** Without effect: weights are given. */
  readonly recurrentInitializer?: string | object;
  /** Without effect: weights are given. */
  readonly biasInitializer?: string | object;
  /** Without effect: weights are given. */
  readonly embeddingsInitializer?: string | object;
  /** Without effect: weights are given, and hold that bias. */
  readonly unitForgetBias?: boolean;
  /** Without effect: training only. */
  readonly kernelRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly recurrentRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly biasRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly embeddingsRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly activityRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly kernelConstraint?: string | object | null;
  /** Without effect: training only. */
  readonly recurrentConstraint?: string | object | null;
  /** Without effect: training only. */
  readonly biasConstraint?: string | object | null;
  /** Without effect: training only. */
  readonly embeddingsConstraint?: string | object | null;
  /** Without effect: weights are given. */
  readonly betaInitializer?: string | object;
  /** Without effect: weights are given. */
  readonly gammaInitializer?: string | object;
  /** Without effect: weights are given. */
  readonly movingMeanInitializer?: string | object;
  /** Without effect: weights are given. */
  readonly movingVarianceInitializer?: string | object;
  /** Without effect: training only. */
  readonly betaRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly betaConstraint?: string | object | null;
  /** Without effect: training only. */
  readonly gammaRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly gammaConstraint?: string | object | null;
  /** Without effect: training only. */
  readonly trainable?: boolean;
  /** Without effect: training only. */
  readonly seed?: number;
  /** Without effect: training only. */
  readonly noiseShape?: readonly number[];
  /** Without effect: how to compute is the engine's matter. */
  readonly implementation?: number;
  /** Without effect: a length that the input's shape says as well. */
  readonly inputLength?: number | readonly number[];
  /** Without effect: `predict` takes any number of rows. */
  readonly batchSize?: number;
}

/** What every layer of TensorFlow.js takes. */
export interface LayerArgs extends TrainingArgs {
  /** Name of the layer and of its weights. */
  readonly name?: string;
  /** Axes of the input after the batch, of the first layer of a `sequential`; null for any length. */
  readonly inputShape?: readonly (number | null)[];
  /** The same with the batch before it, whose size is free here. */
  readonly batchInputShape?: readonly (number | null)[];
  /** Only float32. */
  readonly dtype?: "float32";
}

type Kind = "text" | "truth" | "number" | "numbers";

/** What those arguments may be, by name: exhaustive by type. */
const withoutEffect: { readonly [K in keyof Required<TrainingArgs>]: Kind } = {
  kernelInitializer: "text",
  recurrentInitializer: "text",
  biasInitializer: "text",
  embeddingsInitializer: "text",
  unitForgetBias: "truth",
  kernelRegularizer: "text",
  recurrentRegularizer: "text",
  biasRegularizer: "text",
  embeddingsRegularizer: "text",
  activityRegularizer: "text",
  kernelConstraint: "text",
  recurrentConstraint: "text",
  biasConstraint: "text",
  embeddingsConstraint: "text",
  betaInitializer: "text",
  gammaInitializer: "text",
  movingMeanInitializer: "text",
  movingVarianceInitializer: "text",
  betaRegularizer: "text",
  betaConstraint: "text",
  gammaRegularizer: "text",
  gammaConstraint: "text",
  trainable: "truth",
  seed: "number",
  noiseShape: "numbers",
  implementation: "number",
  inputLength: "numbers",
  batchSize: "number",
};

const kinds: { readonly [K in Kind]: readonly [expected: string, is: (value: unknown) => boolean] } = {
  text: ["a name or a configuration", (value) => typeof value === "string" || typeof value === "object"],
  truth: ["true or false", (value) => typeof value === "boolean"],
  number: ["a number", (value) => typeof value === "number"],
  numbers: ["numbers", (value) => typeof value === "number" || Array.isArray(value)],
};

/** TensorFlow.js's activations by Keras's names here: its hard sigmoid has slope 1/5, as Keras 2's had. */
const activations: Readonly<Record<string, string>> = {
  elu: "elu",
  hardSigmoid: "hardSigmoidKeras2",
  linear: "linear",
  logSoftmax: "logSoftmax",
  relu: "relu",
  sigmoid: "sigmoid",
  softmax: "softmax",
  softplus: "softplus",
  softsign: "softsign",
  tanh: "tanh",
};

/** Keras's name of an activation of TensorFlow.js. @throws UNROLL_UNSUPPORTED for any other */
export function activationOf(place: string, name: unknown): string | null {
  if (name === null) return null;
  if (typeof name === "string" && Object.hasOwn(activations, name)) return activations[name]!;
  const known = Object.keys(activations);
  throw unrollError({
    code: "UNROLL_UNSUPPORTED",
    place,
    expected: `an activation of ${known.join(", ")}`,
    got: shown(name),
    cure: `the nearest is "${nearest(typeof name === "string" ? name : "", known)}"`,
    details: { activation: name },
  });
}

/** Arguments as Keras's layers here take them: without those that have no effect, which are checked. */
export type Kept<Args> = Omit<Args, keyof TrainingArgs | "batchInputShape" | "dtype">;

const refuse = (place: string, expected: string, got: string, cure: string): never => {
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
};

/**
 * What of a layer's arguments has an effect.
 *
 * @throws UNROLL_ARGUMENT for arguments that are no object, and for one that can't be what it is
 */
export function kept<Args extends LayerArgs>(place: string, args: Args): Kept<Args> {
  if (!isRecord(args)) refuse(place, "arguments as one object", shown(args), "e.g. { units: 8 }");
  const { batchInputShape, dtype, ...rest } = args as LayerArgs;
  if (dtype !== undefined && dtype !== "float32")
    refuse(`${place} dtype`, "float32", shown(dtype), "ids are read by an embedding");
  if (batchInputShape !== undefined && !Array.isArray(batchInputShape))
    refuse(`${place} batchInputShape`, "a list", shown(batchInputShape), "e.g. [null, 10, 8]");
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest)) {
    // TensorFlow.js takes what is undefined as left out.
    if (value === undefined) continue;
    if (!Object.hasOwn(withoutEffect, name)) {
      out[name] = value;
      continue;
    }
    const [expected, is] = kinds[withoutEffect[name as keyof TrainingArgs]];
    if (!is(value)) refuse(`${place} ${name}`, expected, shown(value), "or leave it out");
  }
  if (batchInputShape !== undefined) out["inputShape"] ??= batchInputShape.slice(1);
  return out as unknown as Kept<Args>;
}
