import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import type { Adapter } from "../contract/adapter.js";
import * as tf from "./index.js";
import { LSTMStateTuple, rnnCell, seq2seq, Session, type Tensor } from "./index.js";

beforeEach(() => tf.resetDefaultGraph());

const sessions: Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

/** A session whose variables have numbers, other ones in each place. */
function ready(adapter: Adapter = builtin()): Session {
  const session = new Session({ adapter });
  sessions.push(session);
  const values = tf.globalVariables().map(({ name, shape }, k) => {
    const sizes = shape as readonly number[];
    const size = sizes.reduce((product, dim) => product * dim, 1);
    const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + k * 0.9));
    return [name, tf.tensor(data, sizes)] as const;
  });
  session.restore(Object.fromEntries(values));
  return session;
}

const numbers = (...shape: number[]) => {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.cos(i * 0.6)),
    shape,
  );
};

const names = (): string[] => tf.globalVariables().map(({ name }) => name);
const step = (): Tensor => tf.placeholder(tf.float32, [2, 3], "step");
const sequence = (): Tensor => tf.placeholder(tf.float32, [null, null, 3], "x");

describe("variable scopes", () => {
  it("count default names, and forget within what is left", () => {
    const within = (name: string | null, options: tf.VariableScopeOptions = {}): string =>
      tf.variableScope(name, options, ({ name }) => name);
    const layer = { defaultName: "layer" };
    expect([within(null, layer), within(null, layer)]).toEqual(["layer", "layer_1"]);
    const inner = (): string[] =>
      tf.variableScope("Model", () => [within(null, layer), within(null, layer), within("layer")]);
    expect(inner()).toEqual(["Model/layer", "Model/layer_1", "Model/layer"]);
    expect(inner()).toEqual(["Model/layer", "Model/layer_1", "Model/layer"]);
  });

  it("share variables where they are told to, and otherwise refuse", () => {
    const make = (reuse?: tf.Reuse) =>
      tf.variableScope("a", reuse === undefined ? {} : { reuse }, () => tf.getVariable("w", [2]));
    expect(() => make(true)).toThrow(/variable "a\/w": expected one that is there/);
    const first = make();
    expect(() => make()).toThrow(/variable "a\/w": expected a new name, got one that is there/);
    expect(make(true)).toBe(first);
    expect(make(tf.AUTO_REUSE)).toBe(first);
    expect(() => tf.variableScope("a", { reuse: true }, () => tf.getVariable("w", [3]))).toThrow(
      /expected \[2\], which it has, got \[3\]/,
    );
    tf.variableScope("a", (scope) => {
      scope.reuseVariables();
      expect(tf.getVariable("w", [2])).toBe(first);
    });
    expect(() => tf.getVariable("open", [null, 2])).toThrow(/sizes that are known/);
    expect(() => tf.getVariable("w", [2], { initialiser: 1 } as never)).toThrow(/nearest is "initializer"/);
  });

  it.each<[string, unknown, RegExp]>([
    ["an async function", async () => Promise.resolve(1), /returns at once, got AsyncFunction; await before/],
    ["a generator", function* () {}, /returns at once, got GeneratorFunction/],
    ["a function that returns a promise", () => Promise.reject(new Error("later")), /returned a promise/],
  ])("refuse %s, which would go on outside of them", (_what, build, message) => {
    expect(() => tf.variableScope("a", build as () => void)).toThrow(message);
    expect(() => new tf.Graph().asDefault(build as () => void)).toThrow(message);
    expect(() => new tf.Graph().asDefault(undefined as never)).toThrow(/a function that builds in the graph/);
    expect(tf.getVariableScope().name).toBe("");
  });

  it("name a cell by its first call, which later calls share", () => {
    const cell = new rnnCell.BasicLSTMCell(4);
    const [, state] = tf.variableScope("RNN", () => cell(step(), cell.zeroState(2)));
    cell(step(), state);
    expect(names()).toEqual(["RNN/basic_lstm_cell/kernel:0", "RNN/basic_lstm_cell/bias:0"]);
    expect(() => tf.dynamicRnn(cell, tf.placeholder(tf.float32, [2, 5, 7]))).toThrow(
      /basic_lstm_cell inputs: expected \[batch, 3\], as before/,
    );
  });

  it("refuse a second recurrence of the same name", () => {
    tf.dynamicRnn(new rnnCell.GRUCell(4), sequence());
    expect(() => tf.dynamicRnn(new rnnCell.GRUCell(4), sequence())).toThrow(
      /variable "rnn\/gru_cell\/gates\/kernel": expected a new name/,
    );
    tf.dynamicRnn(new rnnCell.GRUCell(4), sequence(), { scope: "second" });
    expect(names()).toContain("second/gru_cell/gates/kernel:0");
  });
});

describe("cells", () => {
  it("are functions, and have their call as a method", async () => {
    const cell = new rnnCell.BasicLSTMCell(4);
    const x = step();
    const [first] = cell(x, cell.zeroState(2));
    const [second, state] = cell.call(x, cell.zeroState(2));
    expect(state).toBeInstanceOf(LSTMStateTuple);
    const session = ready();
    const [a, b] = await session.run([first, second], [[x, numbers(2, 3)]]);
    expect(a).toEqual(b);
    expect([cell.outputSize, cell.stateSize]).toEqual([4, new LSTMStateTuple(4, 4)]);
  });

  it("step by step are what they are as a whole", async () => {
    const make = (): rnnCell.RNNCell =>
      new rnnCell.MultiRNNCell([
        new rnnCell.LSTMCell(4, { usePeepholes: true, numProj: 2, projClip: 0.1 }),
        new rnnCell.AttentionCellWrapper(new rnnCell.GRUCell(3), 1),
        new rnnCell.LayerNormBasicLSTMCell(5),
      ]);
    const [x, cell] = [tf.placeholder(tf.float32, [2, 4, 3], "x"), make()];
    const [outputs, last] = tf.variableScope("net", () => tf.dynamicRnn(cell, x));
    let state: tf.State = cell.zeroState(2);
    const each: Tensor[] = [];
    for (let t = 0; t < 4; t++) {
      const [output, next] = cell(tf.at(x, ":", t), state);
      each.push(output);
      state = next;
    }
    const fetches = [outputs, last, tf.stack(each, 1), state];
    const [a, b, c, d] = await ready().run(fetches, [[x, numbers(2, 4, 3)]]);
    const flat = (of: unknown): number[] => {
      if (of instanceof Float32Array) return [...of];
      if (of instanceof tf.NamedTuple) return flat([...of]);
      return Array.isArray(of) ? of.flatMap(flat) : flat((of as tf.HostTensor).data);
    };
    const [whole, stepped] = [flat([a, b]), flat([c, d])];
    expect(whole.length).toBe(stepped.length);
    // Both in float32, in their own orders.
    whole.forEach((value, k) => expect(Math.abs(value - stepped[k]!)).toBeLessThan(1e-6));
    expect(whole.some((value) => value !== 0)).toBe(true);
  });

  it("of one's own are as TensorFlow's", async () => {
    class Sum extends rnnCell.RNNCell {
      get stateSize() {
        return 3;
      }
      get outputSize() {
        return 3;
      }
      call(inputs: Tensor, state: tf.State): [Tensor, tf.State] {
        const next = tf.add(state as Tensor, tf.multiply(inputs, tf.getVariable("scale", [3])));
        return [next, next];
      }
    }
    const x = sequence();
    const lengths = tf.placeholder(tf.int32, [null], "lengths");
    const [outputs, state] = tf.dynamicRnn(new Sum(), x, { sequenceLength: lengths });
    expect(names()).toEqual(["rnn/sum/scale:0"]);
    const session = new Session();
    sessions.push(session);
    session.restore({ "rnn/sum/scale": tf.tensor([1, 2, 3]) });
    const [y, last] = (await session.run([outputs, state], {
      x: tf.tensor([
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
        [
          [1, 1, 1],
          [9, 9, 9],
        ],
      ]),
      lengths: [2, 1],
    })) as [tf.HostTensor, tf.HostTensor];
    expect([...y.data]).toEqual([1, 2, 3, 2, 4, 6, 1, 2, 3, 0, 0, 0]);
    expect([...last.data]).toEqual([2, 4, 6, 1, 2, 3]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "snake_case",
      () => new rnnCell.BasicLSTMCell(4, { forget_bias: 0 } as never),
      /nearest is "forgetBias"/,
    ],
    [
      "peepholes where there are none",
      () => new rnnCell.BasicLSTMCell(4, { usePeepholes: true } as never),
      /options/,
    ],
    ["positions", () => new rnnCell.BasicLSTMCell(4, 0 as never), /options as one object, got 0/],
    [
      "no size",
      () => new rnnCell.GRUCell(0),
      /GRUCell numUnits: expected a whole number of at least 1, got 0/,
    ],
    [
      "another function",
      () => new rnnCell.GRUCell(4, { activation: (x) => x }),
      /another function; a cell of your own/,
    ],
    [
      "a bound of zero",
      () => new rnnCell.LSTMCell(4, { cellClip: 0 }),
      /cellClip: expected a number above 0/,
    ],
    [
      "dropping",
      () => new rnnCell.DropoutWrapper(new rnnCell.GRUCell(4), { outputKeepProb: 0.5 }),
      /expected 1, got 0.5/,
    ],
    [
      "dropping in a cell",
      () => new rnnCell.LayerNormBasicLSTMCell(4, { dropoutKeepProb: 0.9 }),
      /expected 1, got 0.9/,
    ],
    ["dropping values", () => tf.nn.dropout(step(), 0.5), /dropout keepProb: expected 1, got 0.5/],
    [
      "states as one",
      () => new rnnCell.MultiRNNCell([new rnnCell.GRUCell(4)], { stateIsTuple: false }),
      /expected true/,
    ],
    ["no cells", () => new rnnCell.MultiRNNCell([]), /at least one/],
    [
      "a state of another form",
      () => new rnnCell.BasicLSTMCell(4)(step(), tf.zeros([2, 4])),
      /LSTMStateTuple \(c, h\)/,
    ],
    [
      "another size added",
      () => new rnnCell.ResidualWrapper(new rnnCell.GRUCell(4))(step(), tf.zeros([2, 4])),
      /of the input's size/,
    ],
    [
      "a sequence as a step",
      () => new rnnCell.GRUCell(4)(sequence(), tf.zeros([2, 4])),
      /expected \[batch, features\]/,
    ],
    [
      "a step as a sequence",
      () => tf.dynamicRnn(new rnnCell.GRUCell(4), step()),
      /expected \[batch, time, features\]/,
    ],
    [
      "features of any size",
      () => tf.dynamicRnn(new rnnCell.GRUCell(4), tf.placeholder(tf.float32, [2, 5, null])),
      /known size/,
    ],
    [
      "lengths of floats",
      () => tf.dynamicRnn(new rnnCell.GRUCell(4), sequence(), { sequenceLength: tf.zeros([2]) }),
      /int32 \[batch\]/,
    ],
    ["no shape", () => tf.placeholder(tf.float32), /give null for each axis/],
    ["float64", () => tf.placeholder("float64" as never, [2]), /a dtype of float32/],
    ["products that don't fit", () => tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3])), /inner axes/],
    ["sums that don't fit", () => tf.add(tf.zeros([2, 3]), tf.zeros([2])), /stretch/],
  ])("refuse %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("sessions", () => {
  it("take placeholders for what is kept, and refuse to drop", async () => {
    const keep = tf.placeholder(tf.float32, [], "keep_prob");
    const cell = new rnnCell.DropoutWrapper(new rnnCell.GRUCell(4), { outputKeepProb: keep });
    const x = sequence();
    const [outputs] = tf.dynamicRnn(cell, x);
    const session = ready();
    const fed = numbers(2, 3, 3);
    expect((await session.run(outputs, { x: fed, keep_prob: 1 })).shape).toEqual([2, 3, 4]);
    await expect(session.run(outputs, { x: fed, keep_prob: 0.5 })).rejects.toThrow(
      /keepProb: expected 1, got 0.5/i,
    );
    await expect(session.run(outputs, { x: fed })).rejects.toThrow(/a value for placeholder "keep_prob"/);
  });

  it("refuse lengths outside of what there is, and ids outside of a table", async () => {
    const [x, lengths, ids] = [
      sequence(),
      tf.placeholder(tf.int32, [null], "lengths"),
      tf.placeholder(tf.int32, [null], "ids"),
    ];
    const [outputs] = tf.dynamicRnn(new rnnCell.GRUCell(4), x, { sequenceLength: lengths });
    const rows = tf.nn.embeddingLookup(tf.getVariable("table", [5, 2]), ids);
    const session = ready();
    const fed = numbers(2, 3, 3);
    await expect(session.run(outputs, { x: fed, lengths: [3, 4] })).rejects.toThrow(
      /from 0 to 3.*got 4 of row 1/,
    );
    await expect(session.run(outputs, { x: fed, lengths: [3] })).rejects.toThrow(
      /gru_cell: expected 2 rows, as the input has, got \[1\]/,
    );
    expect((await session.run(rows, { ids: [4] })).shape).toEqual([1, 2]);
    await expect(session.run(rows, { ids: [5] })).rejects.toThrow();
  });

  it("refuse a state and a memory of one row for several, which would be stretched", async () => {
    const [x, state] = [
      tf.placeholder(tf.float32, [null, 3], "x"),
      tf.placeholder(tf.float32, [null, 4], "state"),
    ];
    const [output] = new rnnCell.GRUCell(4)(x, state);
    const [outputs] = tf.dynamicRnn(new rnnCell.GRUCell(4), tf.expandDims(x, 1), { initialState: state });
    const memory = tf.placeholder(tf.float32, [null, 2, 4], "memory");
    const cell = new seq2seq.AttentionWrapper(new rnnCell.GRUCell(4), new seq2seq.LuongAttention(4, memory));
    const zero = cell.zeroState(2);
    const [attended] = cell(x, zero);
    const session = ready();
    const feeds = { x: numbers(2, 3), state: numbers(1, 4), memory: numbers(1, 2, 4) };
    for (const fetch of [output, outputs])
      await expect(session.run(fetch, feeds)).rejects.toThrow(
        /expected 2 rows, as the input has, got \[1, 4\]/,
      );
    const alignments = [zero.alignments, numbers(2, 2)] as const;
    await expect(session.run(attended, [...Object.entries(feeds), alignments] as never)).rejects.toThrow(
      /attention_wrapper memory: expected 2 rows/,
    );
  });

  it("list what is missing, unexpected and mis-shaped in one error", async () => {
    tf.dynamicRnn(new rnnCell.BasicLSTMCell(4), sequence());
    const session = new Session();
    sessions.push(session);
    const given = { "rnn/basic_lstm_cell/bias:0": numbers(3), "rnn/basic_lstm_cell/kernel/Adam": numbers(2) };
    expect(() => session.restore(given)).toThrow(
      new RegExp(
        "session.restore: expected 2 variables, got 1 missing, 1 unexpected, 1 mis-shaped: missing " +
          "rnn/basic_lstm_cell/kernel.*unexpected rnn/basic_lstm_cell/kernel/Adam" +
          ".*bias is \\[3\\], not \\[16\\]",
      ),
    );
    const right = {
      "rnn/basic_lstm_cell/bias:0": numbers(16),
      "rnn/basic_lstm_cell/kernel": numbers(7, 16),
      beta1_power: numbers(1),
    };
    expect(() => session.restore(right)).toThrow(/1 unexpected/);
    expect(session.restore(right, { strict: false })).toEqual(["beta1_power"]);
    const later = tf.getVariable("later", [2]);
    await expect(session.run(later)).rejects.toThrow(/numbers for variable "later", got none/);
    expect(() => session.restore(right, { strickt: true } as never)).toThrow(/nearest is "strict"/);
  });

  it("see new numbers, and take nothing from whoever gave them", async () => {
    const table = tf.getVariable("w", [2]);
    const sum = tf.add(table, tf.constant([10, 20]));
    const session = new Session();
    sessions.push(session);
    const given = tf.tensor([1, 2]);
    session.restore({ w: given });
    given.data[0] = 100;
    expect([...(await session.run(sum)).data]).toEqual([11, 22]);
    const before = session.run(sum);
    session.restore({ w: tf.tensor([5, 6]) });
    expect([...(await session.run([sum, table]))[0].data]).toEqual([15, 26]);
    expect([...(await before).data]).toEqual([11, 22]);
    expect([...(await session.run(table)).data]).toEqual([5, 6]);
  });

  it("give what is fed in the place of what would be computed", async () => {
    const x = tf.placeholder(tf.float32, [null], "x");
    const twice = tf.add(x, x);
    const more = tf.add(twice, tf.constant([1]));
    const session = ready();
    const [a, b, c] = await session.run(
      [more, twice, "x"],
      [
        [twice, [7]],
        [x, [1]],
      ],
    );
    expect([a, b, c].map(({ data }) => data[0])).toEqual([8, 7, 1]);
    await expect(session.run(more, { nothing: 1 })).rejects.toThrow(/the name of a tensor of this graph/);
    await expect(session.run(more, [[x, [[1]]]])).rejects.toThrow(
      /expected \[\?\], at least 1 of each, got \[1, 1\]/,
    );
    await expect(session.run(more, [[x, tf.tensor([1], [1], "int32")]])).rejects.toThrow(
      /expected float32, got int32/,
    );
    session.close();
    await expect(session.run(more, [[x, [1]]])).rejects.toThrow(/after its close/);
  });

  it("compile once for the sizes that are fed, and free what they do not keep", async () => {
    const engine = builtin();
    const live = { compiled: 0, disposed: 0 };
    const counting: Adapter = {
      ...engine,
      async compile(program, weights) {
        live.compiled++;
        const executable = await engine.compile(program, weights);
        const dispose = executable.dispose.bind(executable);
        executable.dispose = () => {
          live.disposed++;
          dispose();
        };
        return executable;
      },
    };
    const x = tf.placeholder(tf.float32, [null], "x");
    const twice = tf.add(x, x);
    const session = ready(counting);
    for (let k = 0; k < 3; k++) await session.run(twice, [[x, [1, 2]]]);
    expect(live.compiled).toBe(1);
    for (let size = 1; size <= 20; size++) await session.run(twice, [[x, numbers(size)]]);
    expect(live.compiled).toBeGreaterThan(16);
    session.close();
    await new Promise((resolve) => setTimeout(resolve));
    expect(live.disposed).toBe(live.compiled);
  });
});

describe("operations", () => {
  it("give what they say, and the shapes that are known before", async () => {
    const x = tf.placeholder(tf.float32, [null, 3], "x");
    const fed = tf.tensor([
      [1, -2, 3],
      [-4, 5, 0],
    ]);
    const results: readonly (readonly [Tensor, readonly number[], readonly (number | null)[]])[] = [
      [tf.at(x, -1), [-4, 5, 0], [3]],
      [tf.at(x, ":", [1]), [-2, 3, 5, 0], [null, 2]],
      [tf.at(x, [0, 1], 2), [3], [1]],
      [tf.transpose(x), [1, -4, -2, 5, 3, 0], [3, null]],
      [tf.reshape(x, [-1]), [1, -2, 3, -4, 5, 0], [null]],
      [tf.reshape(x, [3, tf.shape(x)[0]!]), [1, -2, 3, -4, 5, 0], [3, null]],
      [tf.concat([x, x], 1), [1, -2, 3, 1, -2, 3, -4, 5, 0, -4, 5, 0], [null, 6]],
      [tf.stack(tf.unstack(x, null, 1)), [1, -4, -2, 5, 3, 0], [3, null]],
      [tf.reduceSum(x, 1), [2, 1], [null]],
      [tf.reduceMean(x), [0.5], []],
      [tf.reduceMax(x, 0, { keepDims: true }), [1, 5, 3], [1, 3]],
      [tf.cast(tf.argmax(x, 1), tf.float32), [2, 1], [null]],
      [tf.sign(x), [1, -1, 1, -1, 1, 0], [null, 3]],
      [tf.abs(x), [1, 2, 3, 4, 5, 0], [null, 3]],
      [tf.nn.relu(x), [1, 0, 3, 0, 5, 0], [null, 3]],
      [tf.maximum(tf.minimum(x, 2), -1), [1, -1, 2, -1, 2, 0], [null, 3]],
      [tf.where(tf.sequenceMask(tf.constant([1, 2], tf.int32), 3), x, 9), [1, 9, 9, -4, 5, 9], [2, 3]],
      [tf.matmul(x, x, { transposeB: true }), [14, -14, -14, 41], [null, null]],
      [tf.expandDims(tf.squeeze(tf.at(x, ":", [0, 1]), [1]), 0), [1, -4], [1, null]],
      [tf.zeros([tf.shape(x)[0]!, 1]), [0, 0], [null, 1]],
    ];
    const values = await ready().run(
      results.map(([tensor]) => tensor),
      [[x, fed]],
    );
    results.forEach(([tensor, want, shape], k) => {
      expect([k, [...values[k]!.data].map((value) => value + 0), tensor.shape]).toEqual([k, want, shape]);
      expect(values[k]!.shape.map((size, axis) => (shape[axis] === null ? null : size))).toEqual(shape);
    });
  });
});

describe("decoders", () => {
  const build = () => {
    const source = tf.placeholder(tf.float32, [2, 4, 3], "source");
    const memory = tf.dynamicRnn(new rnnCell.GRUCell(4), source, { scope: "encoder" })[0];
    const mechanism = new seq2seq.LuongAttention(4, memory, { memorySequenceLength: [4, 2] });
    const cell = new seq2seq.AttentionWrapper(new rnnCell.BasicLSTMCell(4), mechanism, {
      attentionLayerSize: 5,
    });
    const layer = new tf.layers.Dense(6, { name: "projection" });
    const table = tf.getVariable("table", [6, 3]);
    return { source, cell, layer, table, start: cell.zeroState(2) };
  };

  it("fed what is given are the cell over a sequence", async () => {
    const { cell, layer, start } = build();
    const target = tf.placeholder(tf.float32, [2, 5, 3], "target");
    const helper = new seq2seq.TrainingHelper(target, [2, 4]);
    const decoder = new seq2seq.BasicDecoder(cell, helper, start, layer);
    const [output, state, lengths] = seq2seq.dynamicDecode(decoder, { imputeFinished: true });
    expect(names()).toContain("decoder/attention_wrapper/attention_layer/kernel:0");
    expect(names()).toContain("decoder/projection/kernel:0");
    const [outputs, last] = tf.dynamicRnn(cell, target, { sequenceLength: [2, 4], initialState: start });
    const mask = tf.expandDims(tf.sequenceMask(tf.constant([2, 4], tf.int32), 5), 2);
    const whole = tf.where(mask, layer.apply(outputs), 0);
    const feeds = { source: numbers(2, 4, 3), target: numbers(2, 5, 3) };
    const [got, ends, want, after, before] = await ready().run(
      [
        output.rnnOutput,
        lengths,
        tf.at(whole, ":", [0, 4]),
        (state as typeof start).cellState,
        (last as typeof start).cellState,
      ],
      feeds,
    );
    expect(got.shape).toEqual([2, 4, 6]);
    expect([...ends.data]).toEqual([2, 4]);
    got.data.forEach((value, k) => expect(Math.abs(value - want.data[k]!)).toBeLessThan(1e-6));
    const [p, q] = [after, before].map((one) => [...(one as LSTMStateTuple<tf.HostTensor>).h.data]);
    p!.forEach((value, k) => expect(Math.abs(value - q![k]!)).toBeLessThan(1e-6));
  });

  it("fed what they chose are a loop of steps, until every row has ended", async () => {
    const { source, cell, layer, table, start } = build();
    const helper = new seq2seq.GreedyEmbeddingHelper(table, [0, 3], 5);
    const decoder = new seq2seq.BasicDecoder(cell, helper, start, layer);
    const [{ sampleId }, , lengths] = seq2seq.dynamicDecode(decoder, { maximumIterations: 7 });
    const ids = tf.placeholder(tf.int32, [2], "ids");
    const [output, next] = cell(tf.nn.embeddingLookup(table, ids), start);
    const choice = tf.argmax(layer.apply(output), 1);
    const session = ready();
    const fed = numbers(2, 4, 3);
    const [chosen, ends] = await session.run([sampleId, lengths], { source: fed });
    let state = await session.run(start, { source: fed });
    let feed = tf.tensor([0, 3], [2], "int32") as tf.HostTensor;
    const steps = chosen.shape[1]!;
    for (let t = 0; t < steps; t++) {
      const fetched = await session.run(
        [choice, next],
        [
          [source, fed],
          [ids, feed],
          [start, state],
        ],
      );
      feed = fetched[0];
      state = fetched[1] as typeof state;
      expect([...feed.data]).toEqual([chosen.data[t]!, chosen.data[steps + t]!]);
    }
    expect(ends.data.every((length) => length >= 1 && length <= steps)).toBe(true);
    expect(Math.max(...ends.data)).toBe(steps);
  });

  it("feed no step what is the same in all", async () => {
    const { source, cell, layer, table, start } = build();
    const helper = new seq2seq.GreedyEmbeddingHelper(table, [0, 3], 99);
    const decoder = new seq2seq.BasicDecoder(cell, helper, start, layer);
    const [{ sampleId }] = seq2seq.dynamicDecode(decoder, { maximumIterations: 2 });
    const engine = builtin();
    const inputs: (readonly unknown[])[] = [];
    const watching: Adapter = {
      ...engine,
      compile(program, weights) {
        inputs.push(program.inputs.map(({ type }) => type.shape));
        return engine.compile(program, weights);
      },
    };
    await ready(watching).run(sampleId, [[source, numbers(2, 4, 3)]]);
    const step = inputs.at(-1)!;
    expect(step).not.toContainEqual(table.shape);
    // Ids, c, h, the attention before, and of the memory keys, values and mask.
    expect(step.length).toBe(7);
  });

  it("end where their session is closed", async () => {
    const { source, cell, layer, table, start } = build();
    const helper = new seq2seq.GreedyEmbeddingHelper(table, [0, 3], 99);
    const [{ sampleId }] = seq2seq.dynamicDecode(new seq2seq.BasicDecoder(cell, helper, start, layer));
    const engine = builtin();
    let runs = 0;
    const session = ready({
      ...engine,
      async compile(program, weights) {
        const executable = await engine.compile(program, weights);
        const run = executable.run.bind(executable);
        executable.run = (feeds) => {
          if (++runs === 5) session.close();
          return run(feeds);
        };
        return executable;
      },
    });
    await expect(session.run(sampleId, [[source, numbers(2, 4, 3)]])).rejects.toThrow(/after its close/);
  });

  it("look past what a memory's padding holds, whatever it is", async () => {
    const memory = tf.placeholder(tf.float32, [2, 3, 4], "memory");
    const mechanism = new seq2seq.LuongAttention(4, memory, { memorySequenceLength: [3, 1] });
    const cell = new seq2seq.AttentionWrapper(new rnnCell.GRUCell(4), mechanism);
    const [output] = cell(step(), cell.zeroState(2));
    const [clean, padded] = [numbers(2, 3, 4), numbers(2, 3, 4)];
    padded.data.fill(NaN, 4 * 4);
    const session = ready();
    const run = (given: tf.HostTensor) => session.run(output, { memory: given, step: numbers(2, 3) });
    expect(await run(padded)).toEqual(await run(clean));
  });

  it("begin with the state of the cell that they are given", () => {
    const memory = tf.placeholder(tf.float32, [2, 3, 4], "memory");
    const begin = tf.placeholder(tf.float32, [2, 4], "begin");
    const mechanism = new seq2seq.LuongAttention(4, memory);
    const of = (initialCellState: Tensor | null = null) =>
      new seq2seq.AttentionWrapper(new rnnCell.GRUCell(4), mechanism, { initialCellState }).zeroState(2);
    expect(of(begin).cellState).toBe(begin);
    expect(of().cellState).not.toBe(begin);
  });

  it("refuse lengths of one row for a memory of several", async () => {
    const memory = tf.placeholder(tf.float32, [2, 3, 4], "memory");
    const mechanism = new seq2seq.LuongAttention(4, memory, { memorySequenceLength: [2] });
    const cell = new seq2seq.AttentionWrapper(new rnnCell.GRUCell(4), mechanism);
    const [output] = cell(step(), cell.zeroState(2));
    await expect(ready().run(output, { memory: numbers(2, 3, 4), step: numbers(2, 3) })).rejects.toThrow(
      /LuongAttention memorySequenceLength: expected 2 rows/,
    );
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "several mechanisms",
      () => new seq2seq.AttentionWrapper(new rnnCell.GRUCell(4), [] as never),
      /expected one mechanism/,
    ],
    [
      "another query",
      () =>
        new seq2seq.AttentionWrapper(new rnnCell.GRUCell(3), new seq2seq.LuongAttention(4, sequence()))(
          step(),
          new seq2seq.AttentionWrapperState({
            cellState: tf.zeros([2, 3]),
            attention: tf.zeros([2, 3]),
            alignments: tf.zeros([2, 1]),
          }),
        ),
      /a query of 4/,
    ],
    [
      "another mean",
      () => new seq2seq.LuongAttention(4, sequence(), { probabilityFn: tf.nn.relu }),
      /expected nn.softmax/,
    ],
    [
      "the history",
      () =>
        new seq2seq.AttentionWrapper(new rnnCell.GRUCell(4), new seq2seq.LuongAttention(4, sequence()), {
          alignmentHistory: true,
        }),
      /alignmentHistory: expected false/,
    ],
    ["no decoder", () => seq2seq.dynamicDecode({} as never), /a decoder/],
    [
      "a score of what is not real",
      () => new seq2seq.LuongAttention(4, sequence(), { scoreMaskValue: 0 }),
      /scoreMaskValue: expected -Infinity, got 0/,
    ],
    [
      "flags that are none",
      () => new seq2seq.BahdanauAttention(4, sequence(), { normalize: "no" as never }),
      /normalize: expected true or false/,
    ],
    [
      "lengths of floats",
      () => new seq2seq.TrainingHelper(sequence(), tf.zeros([2])),
      /sequenceLength: expected int32/,
    ],
    [
      "start tokens of two axes",
      () => new seq2seq.GreedyEmbeddingHelper(tf.zeros([5, 3]), tf.constant([[1]], tf.int32), 0),
      /startTokens: expected \[batch\]/,
    ],
    [
      "whole numbers over time",
      () => tf.dynamicRnn(new rnnCell.GRUCell(4), tf.placeholder(tf.int32, [2, 5, 3])),
      /dynamicRnn inputs: expected float32, got int32/,
    ],
  ])("refuse %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});
