import { readFileSync } from "node:fs";
import { tensor } from "@unroll/api";
import * as tf from "@unroll/api/tf1";
import { readSafetensors } from "@unroll/api/weights";
import { beforeEach, describe, expect, it } from "vitest";
import { flatten } from "../packages/api/src/tf1/structure.js";
import { engines } from "./engines.js";
import { holds } from "./tensorflow-1.js";

const folder = new URL("../fixtures/tf1-graphs/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly {
    readonly name: string;
    readonly lengths: readonly number[];
    readonly variables: readonly string[];
  }[];
};

const { rnnCell, seq2seq } = tf;
type Build = (x: tf.Tensor, sequenceLength: readonly number[]) => unknown;

const attention =
  (
    make: (memory: tf.Tensor, options: { memorySequenceLength: number[] }) => tf.seq2seq.AttentionMechanism,
    options: tf.seq2seq.AttentionWrapperOptions = {},
  ): Build =>
  (x) => {
    const [memory] = tf.dynamicRnn(new rnnCell.GRUCell(4), x, { scope: "encoder" });
    const mechanism = make(memory, { memorySequenceLength: [5, 2, 3] });
    const cell = new seq2seq.AttentionWrapper(new rnnCell.BasicLSTMCell(4), mechanism, options);
    return tf.dynamicRnn(cell, x, { scope: "decoder" });
  };

/** The graphs of record.py, statement for statement. */
const graphs: Readonly<Record<string, Build>> = {
  residual: (x, sequenceLength) =>
    tf.dynamicRnn(new rnnCell.ResidualWrapper(new rnnCell.GRUCell(3)), x, { sequenceLength }),
  wrapped(x, sequenceLength) {
    const keep = { inputKeepProb: 1, outputKeepProb: 1, stateKeepProb: 1 };
    const stack = [
      new rnnCell.DropoutWrapper(new rnnCell.BasicLSTMCell(4), keep),
      new rnnCell.ResidualWrapper(new rnnCell.LSTMCell(4, { usePeepholes: true })),
      new rnnCell.GRUCell(2),
    ];
    return tf.variableScope("Model", () =>
      tf.dynamicRnn(new rnnCell.MultiRNNCell(stack), x, { sequenceLength }),
    );
  },
  both: (x, sequenceLength) =>
    tf.bidirectionalDynamicRnn(
      new rnnCell.LSTMCell(4, { numProj: 2, projClip: 0.2 }),
      new rnnCell.GRUCell(3),
      x,
      { sequenceLength, scope: "encoder" },
    ),
  clipped(x, sequenceLength) {
    const bounds = { cellClip: 0.3, numProj: 3, projClip: 0.15 };
    const cell = new rnnCell.LSTMCell(4, { usePeepholes: true, forgetBias: 0.5, ...bounds });
    return tf.dynamicRnn(cell, x, { sequenceLength });
  },
  joined(x, sequenceLength) {
    const cell = new rnnCell.BasicLSTMCell(4, { stateIsTuple: false });
    return tf.staticRnn(cell, tf.unstack(x, null, 1), { sequenceLength });
  },
  dense(x) {
    const [outputs, state] = tf.dynamicRnn(new rnnCell.BasicRNNCell(4, { activation: tf.nn.relu }), x);
    const hidden = tf.layers.dense(outputs, 3, { activation: tf.nn.tanh });
    return [
      tf.layers.dense(hidden, 2),
      tf.layers.dense(state as tf.Tensor, 2, { useBias: false, name: "last" }),
    ];
  },
  shared(x) {
    const model = () => {
      const cell = new rnnCell.MultiRNNCell([new rnnCell.GRUCell(2), new rnnCell.GRUCell(2)]);
      return tf.dynamicRnn(cell, x)[0];
    };
    return [tf.variableScope("Model", model), tf.variableScope("Model", { reuse: true }, model)];
  },
  layer_norm: (x, sequenceLength) =>
    tf.dynamicRnn(new rnnCell.LayerNormBasicLSTMCell(4), x, { sequenceLength }),
  attention_cell(x, sequenceLength) {
    const sizes = { attnSize: 2, attnVecSize: 5 };
    const cell = new rnnCell.AttentionCellWrapper(new rnnCell.BasicLSTMCell(4), 3, sizes);
    return tf.dynamicRnn(cell, x, { sequenceLength });
  },
  bahdanau: attention((memory, options) => new seq2seq.BahdanauAttention(5, memory, options), {
    attentionLayerSize: 3,
  }),
  bahdanau_normalized: attention(
    (memory, options) => new seq2seq.BahdanauAttention(5, memory, { ...options, normalize: true }),
  ),
  luong: attention((memory, options) => new seq2seq.LuongAttention(4, memory, options), {
    attentionLayerSize: 3,
    outputAttention: false,
  }),
  luong_scaled: attention(
    (memory, options) => new seq2seq.LuongAttention(4, memory, { ...options, scale: true }),
    { attentionLayerSize: 3 },
  ),
};

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

beforeEach(() => tf.resetDefaultGraph());

it("are those that were recorded", () => {
  expect(Object.keys(graphs)).toEqual(cases.map(({ name }) => name));
});

describe.each(cases.map((one) => [one.name, one] as const))("graphs of TensorFlow 1: %s", (name, one) => {
  const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  const variables = Object.fromEntries(one.variables.map((key) => [key, tensors[key]!]));
  /** Batch and time known, as where the script was recorded, or as a run chooses. */
  const make = (shape: readonly (number | null)[]) => {
    const x = tf.placeholder(tf.float32, shape, "x");
    const fetches = flatten("test", graphs[name]!(x, one.lengths), isTensor);
    const given = new Map([[x, tensor(tensors["feed.x"]!.data as Float32Array, tensors["feed.x"]!.shape)]]);
    return { fetches, given };
  };

  it("have TensorFlow's variables", () => {
    make([3, 5, 3]);
    const sorted = (names: readonly string[]) => [...names].sort();
    expect(sorted(tf.globalVariables().map(({ name }) => name))).toEqual(sorted(one.variables));
  });

  it.each(Object.keys(engines))("compute on %s what TensorFlow computed", async (engine) => {
    const { fetches, given } = make(name === "joined" ? [null, 5, 3] : [null, null, 3]);
    const session = new tf.Session({ adapter: engines[engine]!() });
    session.restore(variables);
    const results = await session.run(fetches, given);
    const hold = holds(fetches, given, variables);
    results.forEach((got, k) => {
      expect(got.shape).toEqual(tensors[`f64.${k}`]!.shape);
      hold(k, got, engine);
      hold(k, tensors[`f64.${k}`] as { data: Float64Array }, "TensorFlow");
    });
    expect(tensors[`f64.${results.length}`]).toBeUndefined();
    session.close();
  });
});

describe("decoders choose", () => {
  const steps = 6;

  it.each(Object.keys(engines))("on %s what follows from what they chose before", async (engine) => {
    const table = tf.getVariable("table", [7, 3]);
    const source = tf.placeholder(tf.float32, [2, 4, 3], "source");
    const [memory] = tf.dynamicRnn(new rnnCell.GRUCell(4), source, { scope: "encoder" });
    const mechanism = new seq2seq.BahdanauAttention(5, memory, { memorySequenceLength: [4, 2] });
    const cell = new seq2seq.AttentionWrapper(new rnnCell.BasicLSTMCell(4), mechanism);
    const layer = new tf.layers.Dense(7, { name: "projection" });
    const start = cell.zeroState(2);
    const helper = new seq2seq.GreedyEmbeddingHelper(table, [1, 2], -1);
    const decoder = new seq2seq.BasicDecoder(cell, helper, start, layer);
    const [output] = seq2seq.dynamicDecode(decoder, { maximumIterations: steps });

    const values = (shape: readonly number[], turn: number) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return tensor(
        Float32Array.from({ length: size }, (_, k) => Math.sin(k * 1.7 + turn)),
        shape,
      );
    };
    const variables = Object.fromEntries(
      tf.globalVariables().map(({ name, shape }, k) => [name, values(shape as number[], k)]),
    );
    const session = new tf.Session({ adapter: engines[engine]!() });
    session.restore(variables);
    const [scores, ids] = await session.run(
      [output.rnnOutput, output.sampleId],
      [[source, values([2, 4, 3], 0.5)]],
    );
    session.close();

    // Given what was chosen, a walk over time computes the same, and the truth of it is known.
    const fed = [1, 2].flatMap((first, row) => [
      first,
      ...ids.data.slice(row * steps, (row + 1) * steps - 1),
    ]);
    const before = tf.placeholder(tf.int32, [2, steps], "before");
    const [outputs] = tf.dynamicRnn(cell, tf.nn.embeddingLookup(table, before), { initialState: start });
    const given = new Map<tf.Tensor, tf.HostTensor>([
      [source, values([2, 4, 3], 0.5)],
      [before, tensor(fed, [2, steps], "int32")],
    ]);
    holds([layer.apply(outputs)], given, variables as never)(0, scores, engine);
    ids.data.forEach((id, k) => {
      const row = [...scores.data.slice(k * 7, (k + 1) * 7)];
      expect(id).toBe(row.indexOf(Math.max(...row)));
    });
    expect(new Set(ids.data).size).toBeGreaterThan(1);
  });
});
