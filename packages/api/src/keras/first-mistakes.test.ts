import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { input, layers, model, modelFromJson, sequential } from "./index.js";

const any = (value: unknown): never => value as never;

async function said(mistake: () => unknown): Promise<string> {
  try {
    await mistake();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing";
}

const made = () => {
  const one = sequential([input([4, 3]), layers.lstm(2)]);
  one.setWeights(
    one.weightSpecs.map(({ shape }) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)),
  );
  return one;
};
const foreign = (dtype: string) => ({ shape: [1, 4, 3], dtype, dataSync: () => new Float32Array(12) });

/** What is typed at first, and what of the answer helps. */
const mistakes: readonly (readonly [what: string, mistake: () => unknown, answer: string])[] = [
  [
    "bidirectional of nothing",
    () => layers.bidirectional(any(undefined)),
    "UNROLL_ARGUMENT bidirectional: expected a recurrent layer, got undefined; wrap lstm",
  ],
  [
    "bidirectional of a class",
    () => layers.bidirectional(any(layers.lstm)),
    "expected a recurrent layer, got Function",
  ],
  [
    "bidirectional of a dense layer",
    () => layers.bidirectional(layers.dense(2)),
    "expected a recurrent layer, got dense",
  ],
  [
    "another mergeMode",
    () => layers.bidirectional(layers.lstm(2), any({ mergeMode: "add" })),
    'expected mergeMode concat, sum, mul, ave or null, got "add"',
  ],
  [
    "timeDistributed of nothing",
    () => layers.timeDistributed(any(undefined)),
    "UNROLL_ARGUMENT time_distributed: expected a layer, got undefined",
  ],
  [
    "cells of nothing",
    () => layers.stackedRNNCells(any(undefined)),
    "stacked_rnn_cells: expected cells as a list, got undefined",
  ],
  [
    "an rnn without a cell",
    () => layers.rnn(any(undefined)),
    "UNROLL_ARGUMENT rnn: expected a cell, got undefined",
  ],
  [
    "a layer without options",
    () => layers.conv1d(any(undefined)),
    "conv1d: expected options as one object, got undefined",
  ],
  [
    "Python's spelling of an option",
    () => layers.lstm(2, any({ return_sequences: true })),
    'got "return_sequences"; the nearest is "returnSequences"',
  ],
  [
    "a misspelt initializer",
    () => layers.lstm(2, any({ kernelInitialiser: "zeros" })),
    'the nearest is "kernelInitializer"',
  ],
  [
    "an initializer that is none",
    () => layers.lstm(2, any({ kernelInitializer: 3 })),
    "lstm kernelInitializer: expected a name or a configuration, got 3",
  ],
  [
    "another dtype",
    () => layers.lstm(2, any({ dtype: "float16" })),
    'UNROLL_ARGUMENT lstm: expected dtype float32, got "float16"',
  ],
  [
    "an input of a number",
    () => input(any(3)),
    "UNROLL_ARGUMENT input: expected a shape, or options with one, got 3; e.g. input([null, 8])",
  ],
  [
    "an input of half a step",
    () => input([1.5, 3]),
    "UNROLL_SHAPE input: expected sizes of all axes but time, got [1.5, 3]",
  ],
  ["an empty sequential", () => sequential([]).predict([[1]]), "sequential: expected layers, got none"],
  [
    "an input alone",
    () => sequential([input([3])]).predict([[1]]),
    "sequential: expected layers, got an input alone",
  ],
  [
    "a layer's function in a sequential",
    () => sequential(any([layers.lstm])),
    "sequential: expected a layer at 0, got Function",
  ],
  ["a model of a layer", () => model(any(layers.lstm(2)), any(undefined)), "UNROLL_ARGUMENT model: expected"],
  [
    "a model without outputs",
    () => model(input([3]), any(undefined)),
    "model outputs: expected tensors of a model, got undefined",
  ],
  [
    "inputs that layers make",
    () => model(layers.dense(2).apply(input([3])), input([3])),
    "model inputs: expected what input() returns, got an output of a layer of kind dense",
  ],
  [
    "weights in a file's name",
    () => made().loadWeights(any("model.h5")),
    'expected weights by name, got "model.h5"; read the file first',
  ],
  [
    "weights with what a reader returns",
    () => made().loadWeights(any({ tensors: {}, metadata: {} })),
    "got what a reader of files returns; give its `tensors`",
  ],
  [
    "weights by name in setWeights",
    () => made().setWeights(any({})),
    "expected a list of weights, got Object; by name they go to loadWeights",
  ],
  ["predicting nothing", () => made().predict(any(undefined)), "expected inputs input, got undefined"],
  [
    "predicting by another name",
    () => made().predict(any({ x: [[[1]]] })),
    "expected inputs input, got x; give every input",
  ],
  [
    "predicting what a reader returns",
    () => made().predict(any({ tensors: {}, metadata: {} })),
    "got what a reader of files returns; give one of its `tensors`",
  ],
  [
    "predicting text of another library",
    () => made().predict(any(foreign("string"))),
    'expected float32, int32 or bool, got "string"',
  ],
  [
    "three steps where there are four",
    () => made().predict(tensor(new Float32Array(9), [1, 3, 3])),
    "expected 4 steps, as its shape says, got 3 in [1, 3, 3]; pad or cut",
  ],
  [
    "rows in halves",
    () => made().predict(tensor(new Float32Array(12), [1, 4, 3]), { batchSize: 0.5 }),
    "expected batchSize as a whole number of at least 1, got 0.5",
  ],
  [
    "an option of Python's predict",
    () => made().predict([], any({ batch_size: 3 })),
    'got "batch_size"; the nearest is "batchSize"',
  ],
  [
    "training",
    () => made().compile(any({ optimizer: "adam", loss: "mse" })),
    "compile: expected an adapter alone, got optimizer, loss; nothing is trained",
  ],
  ["a layer of another name", () => made().getLayer("lsmt"), 'expected a layer of lstm, got "lsmt"'],
  ["a layer past the last", () => made().getLayer(4), "expected an index below 1, got 4"],
  [
    "a summary on a narrow line",
    () => made().summary({ lineLength: 10 }),
    "summary lineLength: expected a whole number of at least 40, got 10",
  ],
  [
    "JSON by a file's name",
    () => modelFromJson("model.json"),
    'UNROLL_FORMAT modelFromJson: expected JSON, got "model.json"; read the file first',
  ],
  [
    "JSON of a number",
    () => modelFromJson("3"),
    "UNROLL_FORMAT modelFromJson: expected what to_json() wrote, a text or an object, got Number",
  ],
  [
    "JSON of nothing",
    () => modelFromJson({}),
    "UNROLL_FORMAT modelFromJson: expected an object, got undefined; give what to_json() wrote",
  ],
  [
    "a stateful layer twice",
    () => {
      const [x, rnn] = [input([null, 2]), layers.gru(2, { stateful: true, returnSequences: true })];
      return model(x, rnn.apply(rnn.apply(x)));
    },
    "expected a stateful layer applied once",
  ],
  [
    "half an id",
    () => {
      const one = sequential([layers.embedding(4, 2)]);
      one.setWeights([tensor(new Float32Array(8), [4, 2])]);
      return one.predict([[1, 0.5]]);
    },
    "UNROLL_DTYPE tensor [0][1]: expected a whole number within 32 bits, got 0.5",
  ],
  [
    "a mask for a model as a layer",
    () => made().apply(input([4, 3]), any({ mask: input({ shape: [null], dtype: "bool" }) })),
    'model "sequential" apply: expected options training, got "mask"',
  ],
  [
    "options of apply that are none",
    () => layers.lstm(2).apply(input([4, 3]), any(null)),
    "lstm: expected options as one object, got null",
  ],
  [
    "keepMask of a number",
    () => layers.lstm(2).apply(input([4, 3]), any({ keepMask: 3 })),
    "lstm: expected keepMask true or false, got 3",
  ],
  [
    "a shape by name, and a dtype beside it",
    () => input({ shape: [null] }, { dtype: "int32" }),
    "input: expected a shape, then options; or options alone, got options twice",
  ],
  ["an input's name of a number", () => input([3], any({ name: 3 })), "input: expected a name, got 3"],
  [
    "layers by name, and a name beside them",
    () => sequential({ layers: [layers.dense(2)] }, { name: "twice" }),
    "sequential: expected layers, then options; or options alone, got options twice",
  ],
  [
    "a model by name, and a name beside it",
    () => {
      const x = input([3]);
      return model({ inputs: x, outputs: layers.dense(2).apply(x) }, undefined, { name: "twice" });
    },
    "model: expected inputs and outputs, then options; or options alone, got more beside options",
  ],
  [
    "an embedding's options thrice",
    () => layers.embedding(5, { outputDim: 3 }, { maskZero: true }),
    "expected inputDim, then options; or options alone, got options twice",
  ],
  [
    "Python's None for a bias",
    () => layers.lstm(2, any({ useBias: null })),
    "lstm: expected useBias true or false, got null",
  ],
  [
    "Python's 0 for a bias",
    () => layers.dense(2, any({ useBias: 0 })),
    "expected useBias true or false, got 0",
  ],
  [
    "false in quotes",
    () => layers.gru(2, any({ returnSequences: "false" })),
    'gru: expected returnSequences true or false, got "false"',
  ],
  [
    "a dropout of no number",
    () => layers.lstm(2, any({ dropout: "half" })),
    'lstm: expected dropout as a number, got "half"',
  ],
  [
    "predicting with a number for options",
    () => made().predict(tensor(new Float32Array(12), [1, 4, 3]), any(32)),
    "predict: expected options as one object, got 32",
  ],
  [
    "compiling for nothing",
    () => made().compile(any(null)),
    "compile: expected options as one object, got null",
  ],
  [
    "a mask of more rows than the input, some rows at a time",
    () =>
      made().predict(tensor(new Float32Array(24), [2, 4, 3]), {
        mask: Array.from({ length: 3 }, () => [true, true, true, false]),
        batchSize: 1,
      }),
    "predict: expected 2 rows in every input, mask and state, got [3, 4]",
  ],
  [
    "states of more rows than the input, some rows at a time",
    () =>
      made().predict(tensor(new Float32Array(24), [2, 4, 3]), {
        initialState: [0, 1].map(() => tensor(new Float32Array(8), [4, 2])),
        batchSize: 1,
      }),
    "expected 2 rows in every input, mask and state, got [4, 2]",
  ],
  [
    "batchSize where there is one batch",
    () => made().predictOnBatch([], any({ batchSize: 3 })),
    'predictOnBatch: expected options mask, initialState, got "batchSize"',
  ],
  [
    "a layer at a word",
    () => made().getLayer(any({ index: "length" })),
    'expected an index below 1, got "length"',
  ],
  [
    "weights that are missing",
    () => made().setWeights(any([undefined, undefined, undefined])),
    "setWeights [0]: expected a tensor or nested arrays, got undefined",
  ],
  [
    "a summary printed by no function",
    () => made().summary(any({ printFn: "console" })),
    'summary printFn: expected a function, got "console"',
  ],
  [
    "a version of Keras as a number",
    () => modelFromJson(made().toJson(), any({ kerasVersion: 3 })),
    "modelFromJson kerasVersion: expected a text, got 3",
  ],
  [
    "ids and numbers of one input",
    () => {
      const x = input([5]);
      layers.dense(2).apply(x);
      return layers.embedding(4, 2).apply(x);
    },
    "UNROLL_DTYPE embedding: expected int32 ids, got float32",
  ],
];

describe("what is typed at first", () => {
  it.each(mistakes)("%s", async (_what, mistake, answer) => expect(await said(mistake)).toContain(answer));

  it("or is right: tensors of TensorFlow.js, of files, and nested arrays", async () => {
    const one = made();
    one.setWeights([
      Array.from({ length: 3 }, () => new Array<number>(8).fill(0.1)),
      [new Array<number>(8).fill(0.2), new Array<number>(8).fill(0.3)],
      new Array<number>(8).fill(0),
    ]);
    const data = Float32Array.from({ length: 12 }, (_, n) => Math.sin(n));
    const want = await one.predict(tensor(data, [1, 4, 3]));
    expect(await one.predict({ shape: [1, 4, 3], dtype: "float32", dataSync: () => data })).toEqual(want);
    expect(await one.predict(any({ dtype: "F64", shape: [1, 4, 3], data: Float64Array.from(data) }))).toEqual(
      want,
    );
  });
});

describe("JSON of files", () => {
  const gru = (config: object, more: object = {}) => ({
    class_name: "Sequential",
    ...more,
    config: {
      name: "old",
      layers: [
        {
          class_name: "GRU",
          config: { name: "gru", units: 2, batch_input_shape: [null, null, 3], ...config },
        },
      ],
    },
  });
  const cell = (json: object) =>
    (modelFromJson(json).spec.layers[0] as unknown as { cell: Record<string, unknown> }).cell;

  it("of Keras 2 has its hard sigmoid, of slope 1/5; of Keras 3 its own", () => {
    const config = { recurrent_activation: "hard_sigmoid", reset_after: false, implementation: 1 };
    expect(cell(gru(config, { keras_version: "2.3.1" }))).toMatchObject({
      recurrentActivation: "hardSigmoidFifth",
      resetAfter: false,
    });
    expect(cell(gru(config, { keras_version: "3.15.1" }))["recurrentActivation"]).toBe("hardSigmoidSixth");
    expect(
      cell(JSON.parse(JSON.stringify({ model_config: gru(config), keras_version: "2.4.0" })))[
        "recurrentActivation"
      ],
    ).toBe("hardSigmoidFifth");
  });

  const legacy = (merge: string, two: boolean) => ({
    class_name: "Model",
    keras_version: "2.11.0",
    config: {
      name: "m",
      layers: [
        ...["a", "b"].map((name) => ({
          class_name: "InputLayer",
          name,
          config: { name, batch_input_shape: [null, null], dtype: "int32" },
          inbound_nodes: [],
        })),
        ...["a", "b"].map((of) => ({
          class_name: "Embedding",
          name: `e${of}`,
          config: { name: `e${of}`, input_dim: 5, output_dim: 2, mask_zero: two || of === "a" },
          inbound_nodes: [[[of, 0, 0, {}]]],
        })),
        {
          class_name: merge,
          name: "m",
          config: { name: "m" },
          inbound_nodes: [
            [
              ["ea", 0, 0, {}],
              ["eb", 0, 0, {}],
            ],
          ],
        },
        {
          class_name: "GRU",
          name: "first",
          config: { name: "first", units: 2, return_state: true },
          inbound_nodes: [[["ea", 0, 0, {}]]],
        },
        {
          class_name: "GRU",
          name: "gru",
          config: { name: "gru", units: 2 },
          inbound_nodes: [[["ea", 0, 0, { initial_state: [["first", 0, 1]] }]]],
        },
      ],
      input_layers: [
        ["a", 0, 0],
        ["b", 0, 0],
      ],
      output_layers: [
        ["gru", 0, 0],
        ["m", 0, 0],
      ],
    },
  });

  it("of Keras 2 keeps a mask beside a given state, and joins masks as it does or not at all", async () => {
    expect(await said(() => modelFromJson(legacy("Add", false)))).toContain(
      "expected inputs of one mask, or of none, in a merge of Keras 2",
    );
    const json = legacy("Add", false);
    json.config.layers[3]!.config = { ...json.config.layers[3]!.config, mask_zero: false } as never;
    json.config.layers[2]!.config = { ...json.config.layers[2]!.config } as never;
    json.config.layers = json.config.layers.filter(({ name }) => name !== "m");
    json.config.output_layers = [["gru", 0, 0]];
    json.config.input_layers = [["a", 0, 0]];
    const one = modelFromJson(json);
    one.setWeights(
      one.weightSpecs.map(({ shape }, k) =>
        tensor(
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => Math.sin(n + k)),
          shape,
        ),
      ),
    );
    const [short, padded] = await Promise.all([[[1, 2]], [[1, 2, 0, 0]]].map((ids) => one.predict(ids)));
    expect(padded).toEqual(short);
  });

  it.each([
    [
      "a circle",
      {
        class_name: "Functional",
        config: {
          layers: [
            {
              class_name: "Dense",
              name: "a",
              config: { name: "a", units: 1 },
              inbound_nodes: [[["b", 0, 0, {}]]],
            },
            {
              class_name: "Dense",
              name: "b",
              config: { name: "b", units: 1 },
              inbound_nodes: [[["a", 0, 0, {}]]],
            },
          ],
          input_layers: [],
          output_layers: [["b", 0, 0]],
        },
      },
      "got a circle of a, b",
    ],
    [
      "a layer that is not there",
      {
        class_name: "Functional",
        config: {
          layers: [
            {
              class_name: "Dense",
              name: "a",
              config: { name: "a", units: 1 },
              inbound_nodes: [[["z", 0, 0, {}]]],
            },
          ],
          input_layers: [],
          output_layers: [["a", 0, 0]],
        },
      },
      'expected a layer of a, got "z"',
    ],
    [
      "halves",
      gru({ dtype: { class_name: "DTypePolicy", config: { name: "mixed_float16" } } }),
      "dtype: expected float32, got mixed_float16",
    ],
    [
      "what matters and is not there",
      gru({ time_major: true }),
      "time_major: expected false, got true; transpose the input",
    ],
    ["an option of nobody", gru({ frobnicate: 1 }), 'got "frobnicate"'],
    ["tfjs", gru({}, { keras_version: "tfjs-layers 4.22.0" }), "use modelFromJson of @unroll/api/tfjs"],
    ["Keras 1", gru({}, { keras_version: "1.2.2" }), "expected a model of Keras 2 or 3, got version 1.2.2"],
    [
      "layers nested without end",
      {
        class_name: "TimeDistributed",
        config: (() => {
          let one: object = { name: "x", units: 1 };
          for (let k = 0; k < 40; k++)
            one = { name: "x", layer: { class_name: "TimeDistributed", config: one } };
          return one;
        })(),
      },
      "models nested 16 deep at most",
    ],
    [
      "a name of every object's",
      {
        class_name: "Sequential",
        config: { layers: [{ class_name: "constructor", config: { name: "c" } }] },
      },
      'got constructor "c"',
    ],
  ])("that holds %s is refused", async (_what, json, answer) => {
    expect(await said(() => modelFromJson(json))).toContain(answer);
  });
});
