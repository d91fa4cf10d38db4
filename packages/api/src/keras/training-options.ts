import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";

/**
 * What Keras's layers take that matters to training, or to how they compute, alone: checked, kept in the
 * model's configuration, and without effect here.
 */
export interface TrainingOptions {
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
  /** Without effect: weights are given. */
  readonly depthwiseInitializer?: string | object;
  /** Without effect: training only. */
  readonly depthwiseRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly depthwiseConstraint?: string | object | null;
  /** Without effect: weights are given. */
  readonly pointwiseInitializer?: string | object;
  /** Without effect: training only. */
  readonly pointwiseRegularizer?: string | object | null;
  /** Without effect: training only. */
  readonly pointwiseConstraint?: string | object | null;
  /** Without effect: training only. */
  readonly trainable?: boolean;
  /** Without effect: training only. */
  readonly seed?: number | null;
  /** Without effect: training only. */
  readonly noiseShape?: readonly number[] | null;
  /** Without effect: how statistics are gathered in training. */
  readonly synchronized?: boolean;
  /** Without effect: how to compute is the engine's matter. */
  readonly implementation?: number;
  /** Without effect: how to compute is the engine's matter. */
  readonly fused?: boolean;
  /** Without effect: how to compute is the engine's matter. */
  readonly useCudnn?: boolean | "auto";
  /** Without effect: how to compute is the engine's matter. */
  readonly flashAttention?: boolean | null;
  /** Steps of the ids that the first layer of a `sequential` reads, where it is an embedding. */
  readonly inputLength?: number | readonly number[];
  /** Rows that the first layer of a `sequential` is declared for; `predict` takes any number of them. */
  readonly batchSize?: number | null;
}

type Kind = "text" | "truth" | "number" | "numbers";

/** What those options may be, by name: exhaustive by type. */
const withoutEffect: { readonly [K in keyof Required<TrainingOptions>]: Kind } = {
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
  depthwiseInitializer: "text",
  depthwiseRegularizer: "text",
  depthwiseConstraint: "text",
  pointwiseInitializer: "text",
  pointwiseRegularizer: "text",
  pointwiseConstraint: "text",
  trainable: "truth",
  seed: "number",
  noiseShape: "numbers",
  synchronized: "truth",
  implementation: "number",
  fused: "truth",
  useCudnn: "truth",
  flashAttention: "truth",
  inputLength: "numbers",
  batchSize: "number",
};

const kinds: { readonly [K in Kind]: readonly [expected: string, is: (value: unknown) => boolean] } = {
  text: ["a name or a configuration", (value) => typeof value === "string" || typeof value === "object"],
  truth: ["true or false", (value) => typeof value === "boolean" || value === "auto" || value === null],
  number: ["a number", (value) => typeof value === "number" || value === null],
  numbers: ["numbers", (value) => typeof value === "number" || Array.isArray(value) || value === null],
};

/**
 * Whether an option is one of those without effect.
 *
 * @throws UNROLL_ARGUMENT for a value that it can't have
 */
export function isWithoutEffect(place: string, name: string, value: unknown): boolean {
  if (!Object.hasOwn(withoutEffect, name)) return false;
  const [expected, is] = kinds[withoutEffect[name as keyof TrainingOptions]];
  if (!is(value) && value !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `${place} ${name}`,
      expected,
      got: shown(value),
      cure: "or leave it out",
    });
  return true;
}

/** Options of layers and cells that are true or false; Python's 0 and None would be something else here. */
const truths: readonly string[] = [
  ...["returnSequences", "returnState", "goBackwards", "stateful", "zeroOutputForMask", "unroll"],
  ...["useBias", "resetAfter", "maskZero", "useScale", "useCausalMask", "returnAttentionScores"],
  ...["center", "scale"],
];

/** Shares that training drops, and how it gathers: kept, and without effect. */
const rates: readonly string[] = ["dropout", "recurrentDropout", "momentum"];

/** What every layer takes beside its own options, and beside those without effect. */
const common: readonly string[] = ["name", "inputShape", "batchInputShape", "dtype"];

/**
 * Refuses options that a layer does not have.
 *
 * @throws UNROLL_ARGUMENT for what is no object of options, and for an unknown one, naming the nearest; among
 *   them those without effect; UNROLL_UNSUPPORTED for another order of axes
 */
export function layerOptions(place: string, options: object, own: readonly string[]): void {
  const refuse = (expected: string, got: unknown, cure: string): never => {
    throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got: shown(got), cure });
  };
  if (!isRecord(options)) return refuse("options as one object", options, "e.g. { units: 8 }");
  const { name, dtype } = options;
  if ((name ?? null) !== null && typeof name !== "string") refuse("a name", name, "write it in quotes");
  if ((dtype ?? "float32") !== "float32") refuse("dtype float32", dtype, "numbers are float32: leave it out");
  for (const key of ["inputShape", "batchInputShape"])
    if (options[key] !== undefined && !Array.isArray(options[key]))
      refuse(`${key} as a list`, options[key], "e.g. [null, 8]");
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || !own.includes(key)) continue;
    if (truths.includes(key) && typeof value !== "boolean")
      refuse(`${key} true or false`, value, "write it so");
    if (rates.includes(key) && typeof value !== "number")
      refuse(`${key} as a number`, value, "or leave it out");
    if (key === "dataFormat" && value !== null && value !== "channels_last")
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place,
        expected: "dataFormat channels_last",
        got: shown(value),
        cure: "put channels last",
      });
  }
  const left = Object.entries(options).filter(([name, value]) => !isWithoutEffect(place, name, value));
  knownOptions(place, Object.fromEntries(left), [...common, ...own], Object.keys(withoutEffect));
}
