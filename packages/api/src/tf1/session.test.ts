import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import type { Adapter } from "../contract/adapter.js";
import * as tf from "./index.js";
import { LSTMStateTuple, rnnCell, Session, type Tensor } from "./index.js";

beforeEach(() => tf.resetDefaultGraph());

const sessions: Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});
const open = (adapter: Adapter = builtin()): Session => {
  const session = new Session({ adapter });
  sessions.push(session);
  return session;
};

describe("what a run is fed", () => {
  const state = () => {
    const [c, h] = [tf.placeholder(tf.float32, [1], "c"), tf.placeholder(tf.float32, [1], "h")];
    return { tuple: new LSTMStateTuple(c, h), both: tf.subtract(c, h) };
  };
  const [c, h] = [tf.tensor([5]), tf.tensor([3])];

  it.each<[string, unknown]>([
    ["a tuple", new LSTMStateTuple(c, h)],
    ["a list in the tuple's order", [c, h]],
    ["an object by its names, in any order", { h, c }],
    ["numbers", [[5], [3]]],
  ])("takes a state's parts from %s", async (_what, value) => {
    const { tuple, both } = state();
    expect([...(await open().run(both, [[tuple, value]] as never)).data]).toEqual([2]);
  });

  it.each<[string, (given: ReturnType<typeof state>) => unknown, RegExp]>([
    ["a list of another length", ({ tuple }) => [[tuple, [c]]], /LSTMStateTuple \(c, h\), got Array/],
    ["other names", ({ tuple }) => [[tuple, { c, hidden: h }]], /LSTMStateTuple \(c, h\), got Object/],
    ["one tensor for a state", ({ tuple }) => [[tuple, c]], /LSTMStateTuple \(c, h\)/],
    ["nothing", ({ tuple }) => [[tuple, [c, undefined]]], /feed|tensor/],
    [
      "a tensor twice",
      ({ tuple }) => [
        [tuple, [c, h]],
        [tuple.c, c],
      ],
      /each tensor once, got c:0 twice/,
    ],
    ["a name twice", () => ({ c, "c:0": c, h }), /each tensor once/],
    ["no pair", () => [[1, 2, 3]], /pairs of a tensor and its value/],
    ["a number as a key", () => [[1, 2]], /tensors in lists and tuples, got Number/],
    [
      "a tensor of another graph",
      () => [[new tf.Graph().asDefault(() => tf.placeholder(tf.float32, [1], "c")), c]],
      /tensors of the session's graph, got Tensor\("c:0"/,
    ],
  ])("refuses %s", async (_what, feeds, message) => {
    const given = state();
    await expect(open().run(given.both, feeds(given) as never)).rejects.toThrow(message);
  });
});

describe("the state of a cell", () => {
  const x = (): Tensor => tf.placeholder(tf.float32, [2, 3], "x");
  const half = (): Tensor => tf.placeholder(tf.float32, [2, 4], "part");

  it("is known by its names, in whatever order they stand", () => {
    const [c, h] = [tf.zeros([2, 5]), half()];
    const cell = new rnnCell.LSTMCell(5, { numProj: 4 });
    expect(() => cell(x(), { h, c })).not.toThrow();
    expect(() => cell(x(), [h, c])).toThrow(/lstm_cell state: expected \[batch, 5\], got \[2, 4\]/);
  });

  it("keeps its places through a cell that returns it in another order", async () => {
    class Counter extends rnnCell.RNNCell {
      get stateSize() {
        return { slow: 1, fast: 1 };
      }
      get outputSize() {
        return 1;
      }
      call(inputs: Tensor, state: tf.State): [Tensor, tf.State] {
        const { slow, fast } = state as Record<"slow" | "fast", Tensor>;
        return [inputs, { fast: tf.add(fast, 10), slow: tf.add(slow, 1) }];
      }
    }
    const [, last] = tf.dynamicRnn(new Counter(), tf.zeros([1, 3, 1]));
    const { slow, fast } = (await open().run(last)) as Record<string, tf.HostTensor>;
    expect([slow!.data[0], fast!.data[0]]).toEqual([3, 30]);
  });

  it("and the output of one's own cell are held to what a walk can take", () => {
    class Wrong extends rnnCell.RNNCell {
      get stateSize() {
        return 1;
      }
      get outputSize() {
        return 1;
      }
      call(inputs: Tensor, state: tf.State): [Tensor, tf.State] {
        return [tf.expandDims(inputs, 1), state];
      }
    }
    expect(() => tf.dynamicRnn(new Wrong(), tf.zeros([1, 3, 1]))).toThrow(/output: expected \[batch, size\]/);
  });
});

describe("restoring", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ["nothing for a name", { w: undefined }, /"w": expected a tensor, got undefined/],
    ["one name twice", { w: tf.tensor([1]), "w:0": tf.tensor([2]) }, /each variable once, got w with :0/],
    ["whole numbers", { w: tf.tensor([1], [1], "int32") }, /"w": expected floating values/],
    ["a transposed shape", { w: tf.tensor([[1]]) }, /w is \[1, 1\], not \[1\]/],
    ["a name of every object", { w: tf.tensor([1]), ["__proto__"]: tf.tensor([1]) }, /unexpected __proto__/],
  ])("refuses %s", (_what, given, message) => {
    tf.getVariable("w", [1]);
    expect(() => open().restore(given as never)).toThrow(message);
  });

  it("refuses what is no flag", () => {
    expect(() => open().restore({}, { strict: 1 as never })).toThrow(/strict: expected true or false/);
    expect(() => open().restore({}, null as never)).toThrow(/options as one object/);
  });

  it("knows a variable by its tensor's name, as a checkpoint does", async () => {
    tf.placeholder(tf.float32, [1], "w");
    const variable = tf.getVariable("w", [1]);
    expect(variable.name).toBe("w_1:0");
    const session = open();
    expect(() => session.restore({ w: tf.tensor([1]) })).toThrow(/missing w_1/);
    session.restore({ "w_1:0": tf.tensor([7]) });
    expect([...(await session.run(variable)).data]).toEqual([7]);
  });
});

it("a session keeps sixteen programs, and frees each that is older at once", async () => {
  const engine = builtin();
  const live = new Set<object>();
  const counting: Adapter = {
    ...engine,
    async compile(program, weights) {
      const executable = await engine.compile(program, weights);
      live.add(executable);
      const dispose = executable.dispose.bind(executable);
      executable.dispose = () => {
        live.delete(executable);
        dispose();
      };
      return executable;
    },
  };
  const x = tf.placeholder(tf.float32, [null], "x");
  const twice = tf.add(x, x);
  const session = open(counting);
  for (let size = 1; size <= 20; size++) await session.run(twice, [[x, new Array<number>(size).fill(1)]]);
  await new Promise((resolve) => setTimeout(resolve));
  expect(live.size).toBe(16);
});
