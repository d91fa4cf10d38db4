import { readFileSync } from "node:fs";
import { tensor, type HostTensor } from "@unroll/api";
import * as tf from "@unroll/api/tf1";
import { readSafetensors } from "@unroll/api/weights";
import { beforeEach, describe, expect, it } from "vitest";
import { engines } from "./engines.js";
import { holds } from "./tensorflow-1.js";

// Whole scripts of TensorFlow 1, written as their authors write them, against what TensorFlow computed.

const load = (name: string) =>
  // The examples are plain JavaScript.
  import(
    /* @vite-ignore */ new URL(`../examples/tensorflow-1/${name}.mjs`, import.meta.url).href
  ) as Promise<any>;

function recorded(name: string) {
  const file = new URL(`../fixtures/ports/keras/${name}.safetensors`, import.meta.url);
  const { tensors } = readSafetensors(readFileSync(file));
  const variables = Object.fromEntries(
    Object.entries(tensors).flatMap(([key, one]) => (key.startsWith("var/") ? [[key.slice(4), one]] : [])),
  );
  const of = (key: string): HostTensor => {
    const { data, shape } = tensors[key]!;
    return data instanceof Int32Array ? tensor(data, shape, "int32") : tensor(data as Float32Array, shape);
  };
  return { of, variables };
}

beforeEach(() => tf.resetDefaultGraph());

describe("the word language model of the Penn Treebank tutorial", () => {
  const { of, variables } = recorded("ptb");
  const results = ["out/0", "out/1", "st/c0", "st/h0", "st/c1", "st/h1"];

  it.each(Object.keys(engines))("computes on %s what TensorFlow computed", async (engine) => {
    const { build, runEpoch } = await load("ptb");
    const model = build();
    expect(
      tf
        .globalVariables()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(variables).sort());
    const session = new tf.Session({ adapter: engines[engine]!() });
    session.restore(variables);
    const [[first, second], state] = await runEpoch(session, model, [of("in/0"), of("in/0")]);
    const flat = (of: any): any[] => of.flatMap(({ c, h }: any) => [c, h]);
    const fetched = [model.logits, ...flat(model.finalState)];
    // TensorFlow's first state is not recorded; ours is as near the truth.
    const middle = await session.run(model.finalState, [[model.inputData, of("in/0")]]);
    const given = new Map<tf.Tensor, HostTensor>([[model.inputData, of("in/0")]]);
    holds([model.logits], given, variables)(0, first, engine);
    holds([model.logits], given, variables)(0, of("out/0"), "TensorFlow");
    flat(model.initialState).forEach((one, k) => given.set(one, flat(middle)[k]));
    const hold = holds(fetched, given, variables);
    [second, ...flat(state)].forEach((got, k) => {
      hold(k, got, engine);
      hold(k, of(results[k + 1]!), "TensorFlow");
    });
    session.close();
  });
});

describe.each([
  ["tf1_lstm", {}],
  ["tf1_lstm_peep", { usePeepholes: true, numProj: 3 }],
  ["tf1_lstm_clip", { usePeepholes: true, numProj: 3, cellClip: 0.2 }],
])("dynamic_rnn of %s", (name, options) => {
  const { of, variables } = recorded(name);

  it.each(Object.keys(engines))("computes on %s what TensorFlow computed", async (engine) => {
    const { build } = await load("dynamic-rnn");
    const { inputs, sequenceLength, outputs, state } = build(options);
    const session = new tf.Session({ adapter: engines[engine]!() });
    session.restore(variables);
    const given = new Map([
      [inputs, of("in/0")],
      [sequenceLength, tensor([5, 3], undefined, "int32")],
    ]);
    const [y, after] = (await session.run([outputs, state], given)) as any;
    const hold = holds([outputs, state.c, state.h], given, variables);
    [y, after.c, after.h].forEach((got: HostTensor, k) => {
      hold(k, got, engine);
      hold(k, of(`out/${k}`), "TensorFlow");
    });
    session.close();
  });
});
