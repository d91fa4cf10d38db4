import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { fromKeras } from "../dialects/keras/index.js";
import { input, layers, model, type KerasModel, sequential } from "./index.js";

let seed = 1;
const random = (...shape: number[]): HostTensor<"float32"> =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(seed++ * 12.9898)),
    shape,
  );
const filled = <M extends KerasModel>(made: M): M => {
  made.setWeights(made.weightSpecs.map(({ shape }) => random(...shape)));
  return made;
};
const one = (out: HostTensor | HostTensor[]): HostTensor => (Array.isArray(out) ? out[0]! : out);
/** What the same engine computes from the same numbers in the same order has the same bits. */
const same = (got: HostTensor, want: HostTensor): void => {
  expect(got.shape).toEqual(want.shape);
  expect(got.data).toEqual(want.data);
};
const caught = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing";
};

describe("keras models", () => {
  const build = (): KerasModel =>
    filled(
      sequential([
        layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true }),
        layers.bidirectional({ layer: layers.lstm({ units: 3, returnSequences: true }) }),
        layers.gru({ units: 5 }),
        layers.dense({ units: 2, activation: "softmax" }),
      ]),
    );

  it("mask padding that an embedding marks", async () => {
    const made = build();
    const [ids, padded] = [tensor([[1, 2, 3]]), tensor([[1, 2, 3, 0, 0]])];
    same(one(await made.predict(padded)), one(await made.predict(ids)));
    same(one(await made.predict([[1, 2, 3]])), one(await made.predict(ids)));
    expect(await caught(() => made.predict(ids, { mask: [[true, true, true]] }))).toContain(
      "UNROLL_ARGUMENT",
    );
  });

  it("name their weights as Keras 3 does and read the names of every version", () => {
    const made = build();
    const names = [
      "embedding/embeddings",
      ...["forward", "backward"].flatMap((way) =>
        ["kernel", "recurrent_kernel", "bias"].map((w) => `bidirectional/${way}_lstm/lstm_cell/${w}`),
      ),
      "gru/gru_cell/kernel",
      "gru/gru_cell/recurrent_kernel",
      "gru/gru_cell/bias",
      "dense/kernel",
      "dense/bias",
    ];
    expect(made.weightSpecs.map((weight) => weight.name)).toEqual(names);
    expect(made.weightSpecs.find((weight) => weight.name === "gru/gru_cell/bias")!.shape).toEqual([2, 15]);
    const named = made.namedWeights();
    const index: Record<string, number> = { embeddings: 0, kernel: 0, recurrent_kernel: 1, bias: 2 };
    const styles: ((name: string) => string)[] = [
      (name) => name,
      (name) => `sequential/${name}`,
      (name) => `${name.split("/")[0]}/${name}:0`,
      (name) => `${name.replace("lstm_cell/", "").replace("gru_cell/", "gru_cell_3/")}:0`,
      (name) => name.replaceAll("/", "."),
      (name) =>
        `layers/${name
          .replace(/(lstm|gru)_cell/, "cell")
          .replace("_lstm", "_layer")
          .replace(/[a-z_]+$/, (w) => `vars/${name.startsWith("dense") && w === "bias" ? 1 : index[w]}`)}`,
    ];
    for (const style of styles) {
      const other = build();
      other.loadWeights(Object.fromEntries(names.map((name) => [style(name), named[name]!])));
      expect(other.namedWeights()).toEqual(named);
    }
  });

  it("list every wrong key in one error", async () => {
    const made = sequential([layers.lstm({ units: 1, inputShape: [null, 2] })]);
    expect(
      await caught(() =>
        made.loadWeights({
          "lstm/lstm_cell/kernel:0": random(2, 5),
          "lstm/lstm_cell/bias": random(4),
          "gru/kernel": random(1),
        }),
      ),
    ).toBe(
      'UNROLL_WEIGHTS weights of "sequential": expected 3 weights, got 1 missing, 1 unexpected, 1 ' +
        "mis-shaped: missing lstm/lstm_cell/recurrent_kernel [1, 4]; unexpected gru/kernel [1]; mis-shaped " +
        "lstm/lstm_cell/kernel is [2, 5], not [2, 4]; compare layer names, units and options with the " +
        "Python code, or give bindings",
    );
    expect(await caught(() => made.predict(random(1, 2, 2)))).toContain(
      "call loadWeights or setWeights first",
    );
    expect(await caught(() => layers.lstm({ units: 2, retrunSequences: true } as never))).toContain(
      'the nearest is "returnSequences"',
    );
    expect(await caught(() => layers.gru({ units: 2, recurrentActivation: "hardSigmod" }))).toContain(
      'the nearest is "hardSigmoid"',
    );
    expect(await caught(() => sequential([layers.lstm({ units: 2 })]).predict(random(1, 1, 1)))).toContain(
      "give it inputShape: [null, features]",
    );
  });

  it("wire encoder and decoder, shared layers and merges", async () => {
    const x = input({ shape: [null, 3], name: "x" });
    const encoder = layers.lstm({ units: 4, returnState: true, name: "encoder" });
    const [, h, c] = encoder.apply(x);
    const decoder = layers.lstm({ units: 4, returnSequences: true, name: "decoder" });
    const y = decoder.apply(x, { initialState: [h!, c!] });
    const z = decoder.apply(x);
    const both = filled(
      model({
        inputs: x,
        outputs: [
          layers
            .timeDistributed({ layer: layers.dense({ units: 2 }) })
            .apply(layers.concatenate().apply([y, z])),
          y,
        ],
      }),
    );
    expect(both.weightSpecs.map((weight) => weight.name)).toEqual([
      ...["encoder", "decoder"].flatMap((layer) =>
        ["kernel", "recurrent_kernel", "bias"].map((name) => `${layer}/lstm_cell/${name}`),
      ),
      "time_distributed/dense/kernel",
      "time_distributed/dense/bias",
    ]);
    const value = random(2, 5, 3);
    const [out, decoded] = (await both.predict(value)) as HostTensor[];
    expect(out!.shape).toEqual([2, 5, 2]);

    const alone = (
      name: string,
      options: { returnState?: boolean; returnSequences?: boolean },
    ): KerasModel => {
      const made = sequential([layers.lstm({ units: 4, inputShape: [null, 3], ...options })]);
      made.setWeights(both.getWeights().slice(...(name === "encoder" ? [0, 3] : [3, 6])));
      return made;
    };
    const [, h1, c1] = (await alone("encoder", { returnState: true }).predict(value)) as HostTensor[];
    same(
      decoded!,
      one(await alone("decoder", { returnSequences: true }).predict(value, { initialState: [h1!, c1!] })),
    );
  });

  it("carry state from call to call until it is reset", async () => {
    const made = sequential();
    made
      .add(layers.gru({ units: 2, stateful: true, returnSequences: true, inputShape: [null, 3] }))
      .add(layers.dense({ units: 1 }));
    filled(made);
    const x = random(1, 6, 3);
    const whole = one(await made.predict(x));
    made.resetStates();
    const halves = await Promise.all(
      [0, 1].map((k) => made.predict(tensor(x.data.slice(k * 9, k * 9 + 9), [1, 3, 3]))),
    );
    same(
      {
        dtype: "float32",
        shape: [1, 6, 1],
        data: Float32Array.from(halves.flatMap((half) => [...one(half).data])),
      },
      whole,
    );
    expect(await caught(() => made.predict(random(2, 3, 3)))).toContain(
      "call resetStates() to change the batch of a stateful model",
    );
    made.resetStates();
    expect(one(await made.predict(random(2, 3, 3))).shape).toEqual([2, 3, 1]);
  });

  it("take a mask as an input of the model", async () => {
    const x = input({ shape: [null, 2], name: "x" });
    const mask = input({ shape: [null], dtype: "bool", name: "mask" });
    const made = filled(
      model({ inputs: [x, mask], outputs: layers.simpleRnn({ units: 3 }).apply(x, { mask }) }),
    );
    const value = random(1, 4, 2);
    same(
      one(await made.predict([value, tensor([[1, 1, 0, 0]], undefined, "bool")])),
      one(await made.predict({ x: tensor(value.data.slice(0, 4), [1, 2, 2]), mask: [[true, true]] })),
    );
  });

  it("report biases that a spec with one bias can't keep", () => {
    const made = filled(sequential([layers.gru({ units: 1, inputShape: [null, 1] })]));
    const [recurrent] = made.spec.layers as unknown as [{ cell: object }];
    const single = {
      ...made.spec,
      layers: [{ ...recurrent, cell: { ...recurrent.cell, bias: "single" } }],
    } as unknown as typeof made.spec;
    const zero = {
      ...made.namedWeights(),
      "gru/gru_cell/bias": tensor([
        [1, 2, 3],
        [4, 5, 0],
      ]),
    };
    expect(fromKeras(single, zero).losses.map((loss) => loss.message)).toEqual([
      "gru/gru_cell/bias[0] and gru/gru_cell/bias[1] were summed into gru.bias",
    ]);
  });

  it("may have a layer with the name of something that every object has", async () => {
    const layer = layers.gru({ name: "constructor", units: 1, stateful: true, inputShape: [null, 1] });
    const model = sequential([layer]);
    model.setWeights(
      model.weightSpecs.map(({ shape }) => ({
        dtype: "float32",
        shape,
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
      })),
    );
    const first = (await model.predict([[[1]]])) as HostTensor;
    const second = (await model.predict([[[1]]])) as HostTensor;
    expect(second.data[0]).not.toBe(first.data[0]);
    expect(Object.hasOwn(Object, "h")).toBe(false);
  });

  it("counts frozen layers and moving statistics among what is not trained, as Keras 3.15 does", () => {
    const made = sequential([
      layers.lstm(3, { returnSequences: true, trainable: false, inputShape: [null, 2] }),
      layers.batchNormalization(),
      layers.dense(4),
    ]);
    expect(
      made
        .summary({ printFn: () => undefined })
        .split("\n")
        .slice(-3),
    ).toEqual([
      " Total params: 100 (400.00 B)",
      " Trainable params: 22 (88.00 B)",
      " Non-trainable params: 78 (312.00 B)",
    ]);
  });
});
