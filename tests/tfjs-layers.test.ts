import * as real from "@tensorflow/tfjs";
import { builtin, isUnrollError, tensor } from "@unroll/api";
import * as ours from "@unroll/api/tfjs";
import { beforeAll, describe, expect, it } from "vitest";

// The same lines of code on TensorFlow.js itself and here: only the import differs.
type Tf = typeof ours;
interface Made {
  readonly model: ours.KerasModel;
  readonly inputs: readonly ("numbers" | "single numbers" | "ids")[];
}

const VOCABULARY = 7;
/** Four units in the last place of 1, near which results lie: both add in float32, in their own orders. */
const NEAR = 4 * 2 ** -23;

const models: Readonly<Record<string, (tf: Tf) => Made>> = {
  "an LSTM, whose gates are hard sigmoids": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.lstm({ units: 4, inputShape: [6, 3], kernelInitializer: "glorotUniform" }));
    model.add(tf.layers.dense({ units: 2, activation: "softmax" }));
    return { model, inputs: ["numbers"] };
  },
  "a GRU, which resets before": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.gru({ units: 4, returnSequences: true, batchInputShape: [null, 6, 3] }));
    model.add(tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2, activation: "hardSigmoid" }) }));
    return { model, inputs: ["numbers"] };
  },
  "gates and candidates as they are told": (tf) => {
    const model = tf.sequential();
    model.add(
      tf.layers.lstm({
        units: 3,
        inputShape: [6, 3],
        activation: "softsign",
        recurrentActivation: "sigmoid",
        unitForgetBias: false,
        goBackwards: true,
        returnSequences: true,
      }),
    );
    model.add(tf.layers.simpleRNN({ units: 2, activation: "hardSigmoid", useBias: false }));
    return { model, inputs: ["numbers"] };
  },
  "one vector as every step": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.gru({ units: 2, inputShape: [6, 3] }));
    model.add(tf.layers.dropout({ rate: 0.5 }));
    model.add(tf.layers.repeatVector({ n: 3 }));
    model.add(tf.layers.simpleRNN({ units: 2 }));
    return { model, inputs: ["numbers"] };
  },
  "cells, stacked": (tf) => {
    const model = tf.sequential();
    const cell = [tf.layers.lstmCell({ units: 4 }), tf.layers.gruCell({ units: 3 })];
    model.add(tf.layers.rnn({ cell, returnSequences: true, inputShape: [6, 3] }));
    model.add(tf.layers.activation({ activation: "hardSigmoid" }));
    return { model, inputs: ["numbers"] };
  },
  "masked ids into a bidirectional GRU of every step": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.embedding({ inputDim: VOCABULARY, outputDim: 3, maskZero: true, inputLength: 6 }));
    model.add(
      tf.layers.bidirectional({
        layer: tf.layers.gru({ units: 2, returnSequences: true }),
        mergeMode: "concat",
      }),
    );
    return { model, inputs: ["ids"] };
  },
  "masked ids into a bidirectional LSTM, its last steps added": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.embedding({ inputDim: VOCABULARY, outputDim: 3, maskZero: true, inputLength: 6 }));
    model.add(tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 2 }), mergeMode: "sum" }));
    return { model, inputs: ["ids"] };
  },
  "normalisation of batches and layers around a recurrence": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.batchNormalization({ inputShape: [6, 3], momentum: 0.9, axis: 2 }));
    model.add(tf.layers.gru({ units: 4, returnSequences: true }));
    model.add(tf.layers.layerNormalization({ epsilon: 1e-2, betaInitializer: "zeros" }));
    model.add(tf.layers.timeDistributed({ layer: tf.layers.batchNormalization({ scale: false }) }));
    model.add(tf.layers.lstm({ units: 3 }));
    model.add(tf.layers.batchNormalization({ center: false, epsilon: 0.5 }));
    return { model, inputs: ["numbers"] };
  },
  "convolutions and pools into a recurrence": (tf) => {
    const model = tf.sequential();
    model.add(
      tf.layers.conv1d({
        filters: 4,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        inputShape: [6, 3],
        dataFormat: "channelsLast",
      }),
    );
    model.add(tf.layers.averagePooling1d({ poolSize: 2, strides: 1, padding: "same" }));
    model.add(tf.layers.conv1d({ filters: 5, kernelSize: [2], strides: 2, useBias: false }));
    model.add(tf.layers.lstm({ units: 3 }));
    return { model, inputs: ["numbers"] };
  },
  "activations that are layers, and those that cells don't have": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 3, activation: "mish", inputShape: [6, 3] }));
    model.add(tf.layers.leakyReLU({ alpha: 0.25 }));
    model.add(tf.layers.dense({ units: 3, activation: "swish" }));
    model.add(tf.layers.leakyReLU());
    model.add(tf.layers.dense({ units: 4, activation: "relu6" }));
    model.add(tf.layers.elu());
    model.add(tf.layers.reLU({ maxValue: 6 }));
    model.add(tf.layers.reLU());
    model.add(tf.layers.dense({ units: 3 }));
    model.add(tf.layers.softmax({ axis: -1 }));
    return { model, inputs: ["numbers"] };
  },
  "steps of one value, masked": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.masking({ maskValue: Math.fround(Math.sin(0.9) * 1.5), inputShape: [18, 1] }));
    model.add(tf.layers.gru({ units: 4 }));
    return { model, inputs: ["single numbers"] };
  },
  "the largest of windows, and of all steps": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.maxPooling1d({ poolSize: 3, strides: 2, padding: "same", inputShape: [6, 3] }));
    model.add(tf.layers.simpleRNN({ units: 4, returnSequences: true }));
    model.add(tf.layers.globalMaxPooling1d({}));
    return { model, inputs: ["numbers"] };
  },
  "the mean of all steps": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.simpleRNN({ units: 4, returnSequences: true, inputShape: [6, 3] }));
    model.add(tf.layers.globalAveragePooling1d({}));
    return { model, inputs: ["numbers"] };
  },
  "the largest of all rows and columns": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.lstm({ units: 12, inputShape: [6, 3] }));
    model.add(tf.layers.reshape({ targetShape: [2, 3, 2] }));
    model.add(tf.layers.globalMaxPooling2d({ dataFormat: "channelsLast" }));
    return { model, inputs: ["numbers"] };
  },
  "the mean of all rows and columns": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.lstm({ units: 12, inputShape: [6, 3] }));
    model.add(tf.layers.reshape({ targetShape: [3, 2, 2] }));
    model.add(tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast" }));
    return { model, inputs: ["numbers"] };
  },
  "features under other axes": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.lstm({ units: 6, inputShape: [6, 3] }));
    model.add(tf.layers.reshape({ targetShape: [2, 3] }));
    model.add(tf.layers.gru({ units: 4, returnSequences: true }));
    model.add(tf.layers.permute({ dims: [1, 2] }));
    model.add(tf.layers.lstm({ units: 2 }));
    model.add(tf.layers.dense({ units: 2 }));
    return { model, inputs: ["numbers"] };
  },
  "one sequence after the other": (tf) => {
    const [first, second] = [tf.input({ shape: [6, 3] }), tf.input({ shape: [6, 3] })];
    const joined = tf.layers.concatenate({ axis: 1 }).apply([second, first]);
    const output = tf.layers.lstm({ units: 4, returnSequences: true }).apply(joined as ours.KerasTensor);
    return {
      model: tf.model({ inputs: [first, second], outputs: output as ours.KerasTensor }),
      inputs: ["numbers", "numbers"],
    };
  },
  "the largest and the smallest of two sequences": (tf) => {
    const [first, second] = [tf.input({ shape: [6, 3] }), tf.input({ shape: [6, 3] })];
    const high = tf.layers.maximum().apply([first, second]);
    const low = tf.layers.minimum().apply([second, first]);
    const joined = tf.layers.concatenate().apply([high, low]);
    const output = tf.layers.lstm({ units: 4, returnSequences: true }).apply(joined);
    return { model: tf.model({ inputs: [first, second], outputs: output }), inputs: ["numbers", "numbers"] };
  },
  "rows and columns convolved channel by channel, and noise that is training's": (tf) => {
    const model = tf.sequential();
    model.add(tf.layers.lstm({ units: 12, inputShape: [6, 3] }));
    model.add(tf.layers.gaussianNoise({ stddev: 0.5 }));
    model.add(tf.layers.reshape({ targetShape: [3, 2, 2] }));
    const windows = { kernelSize: 2, padding: "same", depthMultiplier: 2 } as const;
    model.add(tf.layers.separableConv2d({ filters: 3, activation: "softsign", ...windows }));
    model.add(tf.layers.alphaDropout({ rate: 0.5 }));
    model.add(tf.layers.gaussianDropout({ rate: 0.5 }));
    model.add(tf.layers.globalMaxPooling2d({ dataFormat: "channelsLast" }));
    return { model, inputs: ["numbers"] };
  },
  "an encoder's state into a decoder": (tf) => {
    const [source, target] = [tf.input({ shape: [6, 3] }), tf.input({ shape: [6, 3] })];
    const encoder = tf.layers.lstm({ units: 4, returnState: true });
    const [, h, c] = encoder.apply(source) as ours.KerasTensor[];
    const decoder = tf.layers.lstm({ units: 4, returnSequences: true });
    const decoded = decoder.apply(target, { initialState: [h!, c!] });
    const joined = tf.layers.concatenate().apply([decoded, target]);
    const output = tf.layers.dense({ units: 2 }).apply(joined);
    return { model: tf.model({ inputs: [source, target], outputs: output }), inputs: ["numbers", "numbers"] };
  },
};

const wave = (size: number, step: number): Float32Array =>
  Float32Array.from({ length: size }, (_, k) => Math.sin((k + 1) * step) * 1.5);

describe("layers of TensorFlow.js", () => {
  beforeAll(async () => {
    await real.setBackend("cpu");
  });

  it.each(Object.entries(models))("%s: the same code, the same numbers", async (_name, build) => {
    const theirs = build(real as unknown as Tf).model as unknown as real.LayersModel;
    const { model, inputs } = build(ours);
    const names = theirs.weights.map((weight) => weight.name);
    const weights = theirs.getWeights().map(({ shape }, k) => {
      const own = wave(
        shape.reduce((a, b) => a * b, 1),
        0.7 + k / 3,
      );
      // No variance is less than nothing.
      return tensor(names[k]!.includes("moving_variance") ? own.map(Math.abs) : own, shape);
    });
    theirs.setWeights(weights.map(({ data, shape }) => real.tensor(data, [...shape])));
    const given = inputs.map((kind, k) =>
      kind === "ids"
        ? tensor(
            [
              [1, 2, 0, 3, 6, 0],
              [0, 0, 5, 4, 1, 2],
              [2, 1, 4, 5, 0, 0],
            ],
            undefined,
            "int32",
          )
        : tensor(wave(54, 0.9 + k), kind === "numbers" ? [3, 6, 3] : [3, 18, 1]),
    );
    const x = given.map(({ data, shape, dtype }) => real.tensor(data, [...shape], dtype as "float32"));
    const want = theirs.predict(x.length === 1 ? x[0]! : x) as real.Tensor;
    model.setWeights(weights);
    await model.compile({ adapter: builtin() });
    const got = (await model.predict(given.length === 1 ? given[0]! : given)) as ours.HostTensor;
    expect(got.shape).toEqual(want.shape);
    const data = await want.data();
    got.data.forEach((value, k) => expect(Math.abs(value - data[k]!)).toBeLessThanOrEqual(NEAR));
    // Not because everything is the same number.
    expect(new Set(data).size).toBeGreaterThan(3);
  });

  const refusalOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      if (isUnrollError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "nothing";
  };

  it("refuse what TensorFlow.js has not, and what has no meaning here, by name", () => {
    const { layers } = ours;
    const gru = { units: 2, resetAfter: true } as unknown as ours.layers.GruArgs;
    expect(refusalOf(() => layers.gru(gru))).toMatch(/UNROLL_UNSUPPORTED.*@unroll\/api\/keras/);
    expect(refusalOf(() => layers.lstm({ units: 2, recurrentActivation: "hard_sigmoid" }))).toMatch(
      /UNROLL_UNSUPPORTED.*nearest is "hardSigmoid"/,
    );
    expect(refusalOf(() => layers.dense({ units: 2, activation: "selu" }))).toMatch(/UNROLL_UNSUPPORTED/);
    expect(refusalOf(() => layers.lstm({ units: 2, weights: [] } as ours.layers.LstmArgs))).toMatch(
      /UNROLL_ARGUMENT.*"weights"/,
    );
    expect(refusalOf(() => layers.lstm({ units: 2, trainable: 1 as unknown as boolean }))).toMatch(
      /lstm trainable: expected true or false/,
    );
    expect(refusalOf(() => layers.lstm(8 as unknown as ours.layers.LstmArgs))).toMatch(/as one object/);
    expect(refusalOf(() => layers.stackedRNNCells({ cells: [], stateful: true } as never))).toMatch(
      /stackedRNNCells: expected options cells, got "stateful"/,
    );
    expect(refusalOf(() => ours.sequential({ layer: [] } as never))).toMatch(/nearest is "layers"/);
    const sequence = ours.input({ shape: [null, 2, 3] });
    expect(refusalOf(() => layers.concatenate({ axis: 2 }).apply([sequence, sequence]))).toMatch(
      /UNROLL_UNSUPPORTED.*axis -1, the last, or 1, time, got 2/,
    );
    expect(refusalOf(() => layers.softmax().apply(sequence))).toMatch(/axis -1, the last, got 1/);
    expect(refusalOf(() => ours.input({}))).toMatch(/shape or batchShape/);
    const ids = ours.input({ shape: [null], dtype: "int32" });
    const masked = layers.embedding({ inputDim: 3, outputDim: 2, maskZero: true }).apply(ids);
    expect(refusalOf(() => layers.add().apply([masked, masked]))).toMatch(/inputs without a mask/);
    for (const axis of [1, -1])
      expect(refusalOf(() => layers.concatenate({ axis }).apply([masked, masked]))).toMatch(
        /inputs without a mask/,
      );
  });
});
