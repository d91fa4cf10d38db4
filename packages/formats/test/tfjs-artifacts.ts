import * as tf from "@tensorflow/tfjs";

/** A model as TensorFlow.js has it in files. */
export interface Artifacts {
  readonly json: Uint8Array;
  readonly shards: Record<string, Uint8Array>;
}

/** A `model.json` and shards of so many bytes. */
export function packed(artifacts: tf.io.ModelArtifacts, shardSize: number): Artifacts {
  const data = new Uint8Array(artifacts.weightData as ArrayBuffer);
  const shards = Object.fromEntries(
    Array.from({ length: Math.ceil(data.length / shardSize) }, (_, k) => [
      `group1-shard${k + 1}.bin`,
      data.slice(k * shardSize, (k + 1) * shardSize),
    ]),
  );
  const model = {
    format: artifacts.format,
    modelTopology: artifacts.modelTopology,
    weightsManifest: [{ paths: Object.keys(shards), weights: artifacts.weightSpecs }],
  };
  return { json: new TextEncoder().encode(JSON.stringify(model)), shards };
}

/** What a model gives to whoever saves it. */
export async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let found: tf.io.ModelArtifacts | null = null;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      found = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } });
    }),
  );
  return found!;
}
