import { describe, expect, it } from "vitest";
import * as tfjs from "../tfjs/index.js";
import { layers, modelFromJson, sequential, type KerasModel } from "./index.js";

/** The shape, batch first, that a sequential model's JSON says its input has. */
const inputIn = (made: KerasModel): unknown =>
  (
    JSON.parse(made.toJson()) as {
      readonly config: {
        readonly layers: readonly { readonly config: { readonly batch_shape?: unknown } }[];
      };
    }
  ).config.layers[0]!.config.batch_shape;

describe("toJson", () => {
  it("has the rows and the length that the first layer was declared for", () => {
    const options = { stateful: true, returnSequences: true };
    const rows = sequential([layers.gru(2, { ...options, batchInputShape: [2, 4, 3] })]);
    expect(inputIn(rows)).toEqual([2, 4, 3]);
    expect(inputIn(modelFromJson(rows.toJson()))).toEqual([2, 4, 3]);
    expect(inputIn(sequential([layers.gru(2, { inputShape: [4, 3], batchSize: 5 })]))).toEqual([5, 4, 3]);
    expect(inputIn(sequential([layers.embedding(9, 2, { inputLength: 6 })]))).toEqual([null, 6]);
  });

  it("keeps what matters to training alone", () => {
    const kept = {
      kernelInitializer: "zeros",
      recurrentRegularizer: "l2",
      biasConstraint: null,
      trainable: false,
      seed: 3,
      unroll: true,
      useCudnn: "auto",
      dropout: 0.5,
      recurrentDropout: 0.25,
    } as const;
    const json = sequential([layers.lstm(2, { ...kept, inputShape: [4, 3] })]).toJson();
    const { config } = JSON.parse(json) as { config: { layers: readonly { config: object }[] } };
    expect(config.layers[1]!.config).toMatchObject({
      kernel_initializer: "zeros",
      recurrent_regularizer: "l2",
      bias_constraint: null,
      trainable: false,
      seed: 3,
      unroll: true,
      use_cudnn: "auto",
      dropout: 0.5,
      recurrent_dropout: 0.25,
    });
  });

  it("refuses layers of TensorFlow.js that Keras's class of their name is unlike", () => {
    const inputShape = [4, 2] as const;
    const refused = [
      [
        "bidirectional",
        tfjs.layers.bidirectional({
          layer: tfjs.layers.gru({ units: 2, returnSequences: true }),
          inputShape,
        }),
      ],
      ["global_average_pooling1d", tfjs.layers.globalAveragePooling1d({ inputShape })],
      ["batch_normalization", tfjs.layers.batchNormalization({ inputShape })],
    ] as const;
    for (const [kind, layer] of refused)
      expect(() => tfjs.sequential([layer]).toJson()).toThrow(
        `toJson ${kind}: expected a layer as Keras has it, got TensorFlow.js's`,
      );
    const last = tfjs.layers.bidirectional({ layer: tfjs.layers.gru({ units: 2 }), inputShape });
    const made = tfjs.sequential([last]);
    expect(modelFromJson(made.toJson()).spec).toEqual(made.spec);
  });
});
