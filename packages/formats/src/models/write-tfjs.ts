import { knownOptions, unrollError } from "@unroll/api/adapter";
import type { KerasModel } from "@unroll/api/keras";
import { toJson } from "@unroll/api/tfjs";
import { tfjsNames } from "./tfjs-names.js";

/** Options of {@link writeTfjs}. */
export interface WriteTfjsOptions {
  /** Bytes of a shard at most. Default 4 MiB, as TensorFlow's converter has it, which browsers cache. */
  readonly shardBytes?: number;
}

/** Smaller shards are more files than a folder is good for. */
const LEAST = 1024;
const BYTES = 4;

/**
 * Writes a model with its weights as `tf.loadLayersModel` of TensorFlow.js 4 reads it, and `loadModel`. What
 * matters to training alone is not written.
 *
 * @param model of `@unroll/api/tfjs` or `@unroll/api/keras`, with weights
 * @returns the bytes of each file by its name, `model.json` first: all of them go into one folder
 * @throws UNROLL_UNSUPPORTED for layers that TensorFlow.js does not have, and for what it computes otherwise;
 *   UNROLL_WEIGHTS for a model without weights; UNROLL_ARGUMENT
 */
export function writeTfjs(model: KerasModel, options: WriteTfjsOptions = {}): Record<string, Uint8Array> {
  knownOptions("writeTfjs", options, ["shardBytes"]);
  const most = options.shardBytes ?? 4 * 2 ** 20;
  if (!Number.isSafeInteger(most) || most < LEAST)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "writeTfjs shardBytes",
      expected: `a whole number from ${LEAST}`,
      got: String(most),
      cure: "leave it out",
    });
  const modelTopology = toJson(model);
  const weights = named(Object.entries(model.namedWeights()));
  const bytes = new Uint8Array(weights.reduce((sum, [, { data }]) => sum + data.length * BYTES, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [, { data }] of weights)
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += BYTES;
    }
  const count = Math.max(1, Math.ceil(bytes.length / most));
  const paths = Array.from({ length: count }, (_, k) => `group1-shard${k + 1}of${count}.bin`);
  const manifest = weights.map(([name, { shape }]) => ({ name, shape, dtype: "float32" }));
  const json = {
    format: "layers-model",
    generatedBy: modelTopology.keras_version,
    convertedBy: "unroll",
    modelTopology,
    weightsManifest: [{ paths, weights: manifest }],
  };
  const shards = paths.map((path, k) => [path, bytes.subarray(k * most, (k + 1) * most)] as const);
  return { "model.json": new TextEncoder().encode(JSON.stringify(json)), ...Object.fromEntries(shards) };
}

function named<T>(weights: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  const names = tfjsNames(weights.map(([name]) => name));
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: "writeTfjs",
      expected: "weights that have names of their own there",
      got: `"${twice}" twice`,
      cure: "give the layers other names",
    });
  return weights.map(([, weight], k) => [names[k]!, weight] as const);
}
