import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { nearest } from "../contract/nearest.js";
import { shown } from "../contract/shown.js";
import { isWithoutEffect, type TrainingOptions } from "../keras/training-options.js";

/** What every layer of TensorFlow.js takes. */
export interface LayerArgs extends TrainingOptions {
  /** Name of the layer and of its weights. */
  readonly name?: string;
  /** Axes of the input after the batch, of the first layer of a `sequential`; null for any length. */
  readonly inputShape?: readonly (number | null)[];
  /** The same with the batch before it, whose size is free here. */
  readonly batchInputShape?: readonly (number | null)[];
  /** Only float32. */
  readonly dtype?: "float32";
}

/** TensorFlow.js's activations by Keras's names here: its hard sigmoid has slope 1/5, as Keras 2's had. */
const activations: Readonly<Record<string, string>> = {
  elu: "elu",
  hardSigmoid: "hardSigmoidKeras2",
  linear: "linear",
  logSoftmax: "logSoftmax",
  mish: "mish",
  relu: "relu",
  relu6: "relu6",
  sigmoid: "sigmoid",
  softmax: "softmax",
  softplus: "softplus",
  softsign: "softsign",
  swish: "swish",
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

/**
 * Options of Keras's layers that TensorFlow.js's of the same name do not have, and would not look at, by the
 * value of each that says nothing.
 */
const notThere: ReadonlyMap<string, unknown> = /* @__PURE__ */ new Map<string, unknown>([
  ["zeroOutputForMask", false],
  ["heldStart", null],
  ["backwardLayer", null],
  ["groups", 1],
  ["keepdims", false],
  ["negativeSlope", undefined],
  ["threshold", 0],
]);

/** Arguments as Keras's layers here take them. */
export type Kept<Args> = Omit<Args, "batchInputShape" | "dtype">;

const refuse = (
  place: string,
  expected: string,
  got: string,
  cure: string,
  code: "UNROLL_ARGUMENT" | "UNROLL_UNSUPPORTED" = "UNROLL_ARGUMENT",
): never => {
  throw unrollError({ code, place, expected, got, cure });
};

/**
 * A layer's arguments, but those that are left out as `undefined`.
 *
 * @throws UNROLL_ARGUMENT for arguments that are no object, and for one that can't be what it is;
 *   UNROLL_UNSUPPORTED for what Keras's layer of that name has and TensorFlow.js's has not
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
    if (notThere.has(name)) {
      if (value !== notThere.get(name))
        refuse(
          place,
          "arguments that TensorFlow.js has",
          `${name} ${shown(value)}`,
          "build the layer with @unroll/api/keras, or leave it out",
          "UNROLL_UNSUPPORTED",
        );
      continue;
    }
    isWithoutEffect(place, name, value);
    out[name] = value;
  }
  if (batchInputShape !== undefined) out["inputShape"] ??= batchInputShape.slice(1);
  return out as unknown as Kept<Args>;
}
