import * as tf from "@tensorflow/tfjs";
import { type HostTensor, tensor, type UnrollError } from "@unroll/api";
import * as keras from "@unroll/api/keras";
import * as tfjs from "@unroll/api/tfjs";
import { describe, expect, it } from "vitest";
import { loadModel, writeTfjs } from "../src/models/index.js";
import { packed, saved } from "./tfjs-artifacts.js";

const { layers } = keras;
const own = tfjs.layers;

/** Weights that are all different, the same each time; variances are positive. */
function filled<M extends keras.KerasModel>(model: M): M {
  let at = 0;
  model.setWeights(
    model.weightSpecs.map(({ name, shape }) => {
      const least = name.endsWith("moving_variance") ? 1.5 : 0;
      const size = shape.reduce((a, b) => a * b, 1);
      return tensor(
        Float32Array.from({ length: size }, () => least + Math.sin(++at) / 2),
        shape,
      );
    }),
  );
  return model;
}

/** What real TensorFlow.js makes of the files. */
async function there(files: Record<string, Uint8Array>): Promise<tf.LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  };
  const [{ paths, weights }] = json.weightsManifest as [(typeof json.weightsManifest)[0]];
  const blob = new Blob(paths.map((path) => files[path]! as Uint8Array<ArrayBuffer>));
  return tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: weights,
      weightData: await blob.arrayBuffer(),
    }),
  );
}

const x = (...shape: number[]): HostTensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, k) => Math.sin(k + 1)),
    shape,
  );
const ids = tensor(new Int32Array([1, 4, 2, 3, 0, 0, 2, 2, 0, 0, 0, 0]), [2, 6]);

const sequence = { inputShape: [6, 3] } as const;
const gate = { recurrentActivation: "sigmoid" } as const;
const models: Readonly<Record<string, () => { model: keras.KerasModel; inputs: HostTensor[] }>> = {
  "every recurrent layer of TensorFlow.js's face": () => ({
    model: tfjs.sequential([
      own.lstm({ units: 3, returnSequences: true, ...sequence }),
      own.gru({ units: 4, returnSequences: true, goBackwards: true }),
      own.bidirectional({ layer: own.simpleRNN({ units: 2, returnSequences: true }), mergeMode: "sum" }),
      own.rnn({ cell: [own.lstmCell({ units: 2 }), own.gruCell({ units: 3 })], returnSequences: true }),
      own.rnn({ cell: own.simpleRNNCell({ units: 2 }) }),
    ]),
    inputs: [x(2, 6, 3)],
  }),
  "layers between, statistics among them": () => ({
    model: tfjs.sequential([
      own.conv1d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu6", ...sequence }),
      own.maxPooling1d({ poolSize: 2 }),
      own.batchNormalization(),
      own.timeDistributed({ layer: own.dense({ units: 3, activation: "swish" }) }),
      own.leakyReLU({ alpha: 0.2 }),
      own.layerNormalization(),
      own.permute({ dims: [1, 2] }),
      own.reshape({ targetShape: [-1, 3, 1] }),
      own.reshape({ targetShape: [-1, 3] }),
      own.globalAveragePooling1d({}),
      own.dense({ units: 5, activation: "softmax" }),
      own.repeatVector({ n: 2 }),
    ]),
    inputs: [x(2, 6, 3)],
  }),
  "Keras's own defaults, said": () => ({
    model: keras.sequential([
      layers.lstm(3, { returnSequences: true, ...sequence }),
      layers.gru(3, { resetAfter: false, returnSequences: true, useBias: false }),
      layers.bidirectional(layers.lstm(2, { ...gate, returnSequences: true, activation: "relu" })),
      layers.globalMaxPooling1d(),
      layers.dense(2, { activation: "silu" }),
      layers.leakyRelu({ negativeSlope: 0.2 }),
      layers.activation({ activation: "softmax" }),
    ]),
    inputs: [x(2, 6, 3)],
  }),
  "ids, masked": () => ({
    model: tfjs.sequential([
      own.embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputLength: 6 }),
      own.lstm({ units: 3, returnSequences: true }),
      own.gru({ units: 2 }),
      own.dense({ units: 2 }),
    ]),
    inputs: [ids],
  }),
  "branches, states and a model within": () => {
    const [a, b] = [keras.input({ shape: [6, 3], name: "a" }), keras.input({ shape: [4], name: "b" })];
    const inner = keras.input({ shape: [4], name: "inner" });
    // Not h: TensorFlow.js frees it behind its last reader, though it is y.
    const within = keras.model({ inputs: inner, outputs: layers.dense(4).apply(inner), name: "within" });
    const [y, , c] = layers.lstm(4, { returnState: true, ...gate }).apply(a, {
      initialState: [within.apply(b), b] as keras.KerasTensor[],
    }) as keras.KerasTensor[];
    const twice = within.apply(c!) as keras.KerasTensor;
    const chain = keras.sequential([layers.dense(4, { inputShape: [4], name: "link" })], { name: "chain" });
    const thrice = within.apply(chain.apply(c!)) as keras.KerasTensor;
    const sum = layers.add().apply([y!, twice, thrice]);
    const outputs = [layers.concatenate().apply([y!, b]), sum, chain.apply(y!)] as keras.KerasTensor[];
    return { model: keras.model({ inputs: [a, b], outputs }), inputs: [x(2, 6, 3), x(2, 4)] };
  },
};

describe("writeTfjs", () => {
  it.each(Object.entries(models))(
    "gives TensorFlow.js and loadModel the same model: %s",
    async (_name, make) => {
      const { model, inputs } = make();
      filled(model);
      const files = writeTfjs(model, { shardBytes: 1024 });
      const want = [await model.predict(inputs.length === 1 ? inputs[0]! : inputs)].flat() as HostTensor[];
      const real = await there(files);
      const given = inputs.map(({ data, shape, dtype }) =>
        tf.tensor(data, [...shape], dtype === "int32" ? "float32" : dtype),
      );
      const got = [real.predict(given.length === 1 ? given[0]! : given)].flat();
      expect(got.map(({ shape }) => shape)).toEqual(want.map(({ shape }) => shape));
      for (const [n, one] of got.entries())
        for (const [k, value] of one.dataSync().entries())
          expect(Math.abs(value - want[n]!.data[k]!)).toBeLessThan(4 * 2 ** -23);
      const again = await loadModel(files["model.json"]!, { shards: (name) => files[name]! });
      expect(again.namedWeights()).toEqual(model.namedWeights());
      const back = [await again.predict(inputs.length === 1 ? inputs[0]! : inputs)].flat() as HostTensor[];
      expect(back.map(({ data }) => data)).toEqual(want.map(({ data }) => data));
    },
  );

  it("reads the stacked cells that TensorFlow.js itself writes", async () => {
    const cell = [tf.layers.lstmCell({ units: 2 }), tf.layers.gruCell({ units: 3 })];
    const real = tf.sequential({ layers: [tf.layers.rnn({ cell, inputShape: [6, 3] })] });
    const { json, shards } = packed(await saved(real), 1024);
    const model = await loadModel(json, { shards: (name) => shards[name]! });
    const got = (await model.predict(x(2, 6, 3))) as HostTensor;
    const want = real.predict(tf.tensor(x(2, 6, 3).data, [2, 6, 3])) as tf.Tensor;
    for (const [k, value] of want.dataSync().entries())
      expect(Math.abs(value - got.data[k]!)).toBeLessThan(4 * 2 ** -23);
  });

  it("reads no weight that a file has under both names", async () => {
    const files = writeTfjs(filled(tfjs.sequential({ layers: [own.lstm({ units: 2, ...sequence })] })));
    const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
      weightsManifest: [{ weights: { name: string }[] }];
    };
    const { weights } = json.weightsManifest[0];
    weights.push({ ...weights[0]!, name: "lstm/lstm_cell/kernel" });
    const shard = files["group1-shard1of1.bin"]!;
    const twice = new Uint8Array([...shard, ...new Uint8Array(3 * 8 * 4)]);
    const bytes = new TextEncoder().encode(JSON.stringify(json));
    await expect(loadModel(bytes, { shards: () => twice })).rejects.toThrow("1 unexpected");
  });

  it("cuts weights into shards of so many bytes", () => {
    const files = writeTfjs(filled(keras.sequential([layers.dense(50, { inputShape: [20] })])), {
      shardBytes: 2000,
    });
    expect(
      Object.entries(files).map(([name, { length }]) => [name, name.endsWith("json") ? 0 : length]),
    ).toEqual([
      ["model.json", 0],
      ["group1-shard1of3.bin", 2000],
      ["group1-shard2of3.bin", 2000],
      ["group1-shard3of3.bin", 200],
    ]);
  });

  const written = (all: readonly keras.Layer[]) => (): unknown => writeTfjs(filled(keras.sequential(all)));
  it.each([
    ["GRU of Keras", written([layers.gru(2, sequence)]), /UNROLL_UNSUPPORTED gru: expected resetAfter false/],
    [
      "another hard sigmoid",
      written([layers.lstm(2, { recurrentActivation: "hard_sigmoid", ...sequence })]),
      /UNROLL_UNSUPPORTED lstm: expected an activation of .*got "hardSigmoidKeras3"/,
    ],
    ["a layer that is not there", written([layers.rmsNormalization(sequence)]), /RMSNormalization/],
    [
      "a mean without what is masked",
      written([layers.embedding(5, 2, { maskZero: true, inputLength: 6 }), layers.globalAveragePooling1d()]),
      /UNROLL_UNSUPPORTED toJson "global_average_pooling1d".*padding "skip", where it has "include"/,
    ],
    [
      "a recurrence after masked ones ended",
      written([
        layers.embedding(5, 2, { maskZero: true, inputLength: 6 }),
        layers.simpleRNN(2),
        layers.repeatVector(6),
        layers.simpleRNN(2),
      ]),
      /UNROLL_UNSUPPORTED toJson "simple_rnn_1".*no mask, where it has that of another layer/,
    ],
    [
      "a name of two layers, one of them in a model within",
      () => {
        const inner = keras.sequential([layers.dense(2, { inputShape: [2], name: "d" })], { name: "inner" });
        return writeTfjs(filled(keras.sequential([inner, layers.dense(1, { name: "d" })])));
      },
      /UNROLL_UNSUPPORTED toJson "d": expected a name for one layer/,
    ],
    [
      "what a masked step puts out otherwise",
      written([
        layers.embedding(5, 2, { maskZero: true, inputLength: 6 }),
        layers.simpleRNN(2, { returnSequences: true, zeroOutputForMask: true }),
      ]),
      /UNROLL_UNSUPPORTED simpleRNN: expected arguments that TensorFlow.js has, got zeroOutputForMask true/,
    ],
    [
      "a way back that is no copy of the way forward",
      written([
        layers.bidirectional(layers.simpleRNN(2), {
          backwardLayer: layers.simpleRNN(2, { activation: "relu", goBackwards: true }),
          ...sequence,
        }),
      ]),
      /UNROLL_UNSUPPORTED bidirectional: expected arguments that TensorFlow.js has, got backwardLayer/,
    ],
    [
      "groups",
      written([layers.conv1d({ filters: 4, kernelSize: 1, groups: 2, inputShape: [6, 4] })]),
      /UNROLL_UNSUPPORTED conv1d: .* got groups 2/,
    ],
    [
      "another elu",
      written([layers.elu({ alpha: 0.5, ...sequence })]),
      /UNROLL_UNSUPPORTED elu: expected alpha 1/,
    ],
    ["no weights", () => writeTfjs(keras.sequential([layers.dense(1, sequence)])), /UNROLL_WEIGHTS/],
    ["no model", () => writeTfjs({} as never), /UNROLL_ARGUMENT toJson: expected a model of layers/],
    [
      "shards of nothing",
      () => writeTfjs(keras.sequential([layers.dense(1, sequence)]), { shardBytes: 0 }),
      /UNROLL_ARGUMENT writeTfjs shardBytes/,
    ],
    [
      "unknown options",
      () => writeTfjs(keras.sequential([layers.dense(1, sequence)]), { shards: 1 } as never),
      /UNROLL_ARGUMENT writeTfjs.*shards/,
    ],
  ])("refuses %s", (_what, act, text) => {
    let message = "nothing";
    try {
      act();
    } catch (error) {
      const { code, message: said } = error as UnrollError;
      message = `${code} ${said}`;
    }
    expect(message).toMatch(text);
  });
});
