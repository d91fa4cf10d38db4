import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { input, layers, model } from "./index.js";

const x = input({ name: "x", shape: [null, 3] });
const wide = input({ name: "wide", shape: [null, 5] });
const ids = (name: string) => input({ name, shape: [null], dtype: "int32" });
const of = (call: () => unknown) => call as () => never;

describe("what a layer is applied to", () => {
  it.each<[string, () => unknown, string]>([
    [
      "an option that there is none of",
      () => layers.attention().apply([x, x], { useCausalMask: true } as never),
      'attention: expected options initialState, mask, keepMask, training, got "useCausalMask"',
    ],
    [
      "Python's spelling of an option",
      () => layers.gru(2).apply(x, { initial_state: x } as never),
      'got "initial_state"; the nearest is "initialState"',
    ],
    [
      "training",
      () => layers.dropout(0.5).apply(x, { training: true } as never),
      "dropout: expected training false, got true",
    ],
    [
      "a state among the inputs",
      () => layers.lstm(3).apply([x, x, x]),
      "lstm: expected one input, got 3; a state goes in as { initialState: [h, c] }",
    ],
    ["two inputs", () => layers.lstm(3).apply([x, x]), "lstm: expected one input, got 2"],
    [
      "numbers",
      () => layers.lstm(3).apply(tensor([[[1, 2, 3]]]) as never),
      "lstm: expected a tensor of the model, got Object; input() and layers make them",
    ],
    [
      "nothing",
      () => layers.lstm(3).apply(undefined as never),
      "expected a tensor of the model, got undefined",
    ],
    [
      "one mask where there are two sequences",
      () => layers.attention().apply([x, x], { mask: [null] }),
      "attention: expected 2 masks, null where all steps are real, got 1",
    ],
    [
      "an input of other features than the one before",
      () => {
        const dense = layers.dense({ units: 2, name: "d" });
        dense.apply(x);
        return dense.apply(wide);
      },
      'dense "d": expected an input that fits weights kernel [3, 2], bias [2], as the one before, ' +
        "got one that needs kernel [5, 2], bias [2]",
    ],
    ["options twice", () => layers.lstm({ units: 2 }, { name: "a" }), "expected units, then options"],
    [
      "an option of an input that there is none of",
      () => input({ shape: [null, 2], batchsize: 3 } as never),
      'got "batchsize"; the nearest is "batchSize"',
    ],
  ])("refuses %s by name", (_, call, message) => {
    expect(of(call)).toThrow(message);
  });

  it("takes what Keras takes first without its name", () => {
    const all = layers.dense(2, { activation: "relu" }).apply(layers.dropout(0.5).apply(x));
    const more = layers.bidirectional(layers.lstm(2, { returnSequences: true })).apply(all);
    const made = model({ inputs: x, outputs: layers.timeDistributed(layers.dense(1)).apply(more) });
    expect(made.spec.layers.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "dropout dropout",
      "dense dense",
      "bidirectional bidirectional",
      "dense time_distributed",
    ]);
    expect(made.spec.layers[0]).toMatchObject({ rate: 0.5 });
  });
});

describe("masks", () => {
  const filled = (made: ReturnType<typeof model>): ReturnType<typeof model> => {
    made.setWeights(
      made.weightSpecs.map(({ shape }, k) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return tensor(
          Float32Array.from({ length: size }, (_, n) => Math.sin(n + k)),
          shape,
        );
      }),
    );
    return made;
  };
  const looked = (mask?: readonly null[], maskZero = true) => {
    const [query, value] = [ids("query"), ids("value")];
    const embed = layers.embedding({ inputDim: 4, outputDim: 2, maskZero });
    const seen = layers.attention().apply([embed.apply(query), embed.apply(value)], mask && { mask });
    return filled(model({ inputs: [query, value], outputs: seen }));
  };
  const given = [tensor([[1, 2]], undefined, "int32"), tensor([[3, 0, 0]], undefined, "int32")] as const;

  it("of nulls say that every step is real, whatever the inputs have", async () => {
    const [none, null2, own] = await Promise.all(
      [looked(undefined, false), looked([null, null]), looked()].map(
        async (made) => ((await made.predict([...given])) as HostTensor).data,
      ),
    );
    expect(null2).toEqual(none);
    expect(own).not.toEqual(none);
  });

  const decoded = (keepMask: boolean) => {
    const target = ids("target");
    const state = input({ name: "state", shape: [3] });
    const embedded = layers.embedding({ inputDim: 4, outputDim: 2, maskZero: true }).apply(target);
    const outputs = layers.gru(3).apply(embedded, { initialState: state, keepMask });
    return filled(model({ inputs: [target, state], outputs }));
  };
  const last = async (keepMask: boolean, row: readonly number[]) =>
    (
      (await decoded(keepMask).predict([
        tensor([row], undefined, "int32"),
        tensor([[0.5, 0.25, -1]]),
      ])) as HostTensor
    ).data;

  it("of an input are dropped by a layer that is given its state, unless they are kept", async () => {
    expect(await last(true, [1, 2, 0, 0])).toEqual(await last(true, [1, 2]));
    expect(await last(false, [1, 2, 0, 0])).not.toEqual(await last(false, [1, 2]));
    expect(await last(false, [1, 2])).toEqual(await last(true, [1, 2]));
  });
});
