import {
  builtin,
  compile,
  type HostTensor,
  input,
  recurrent,
  simpleRnnCell,
  spec,
  tensor,
} from "@unroll/api";
import { prepare, ProgramBuilder } from "@unroll/api/adapter";
import { layers, sequential } from "@unroll/api/keras";
import { nn, packPaddedSequence, Tensor } from "@unroll/api/torch";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

const wave = (shape: readonly number[], seed: number): HostTensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(1.3 * k + seed)),
    shape,
  );
const copyOf = ({ data, shape }: HostTensor): HostTensor => tensor(data.slice() as Float32Array, shape);
const spoil = (...tensors: readonly HostTensor[]): void => {
  for (const one of tensors) {
    one.data.fill(7);
    (one.shape as number[])[0] = 99;
  }
};

const keras = (stateful: boolean) => {
  const model = sequential([layers.gru({ units: 3, stateful, inputShape: [null, 2] })]);
  model.setWeights(model.weightSpecs.map(({ shape }, k) => wave(shape, k)));
  return model;
};

/** Results with the numbers of their tensors, which have no elements of their own to compare. */
const told = (value: unknown): unknown => {
  if (value instanceof Tensor) return [value.shape, value.tolist()];
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.entries(value).map(([name, part]) => [name, told(part)]);
};

const lstmWeights = (seed: number): Record<string, HostTensor> => ({
  weight_ih_l0: wave([12, 2], seed),
  weight_hh_l0: wave([12, 3], seed + 1),
  bias_ih_l0: wave([12], seed + 2),
  bias_hh_l0: wave([12], seed + 3),
});

it("a tensor of a dtype that no face takes is refused by name", async () => {
  const ids = { dtype: "int64", shape: [1, 2], data: BigInt64Array.of(1n, 2n) } as unknown as HostTensor;
  const lookup = sequential([layers.embedding({ inputDim: 4, outputDim: 2, inputShape: [null] })]);
  lookup.setWeights([wave([4, 2], 1)]);
  await expect(lookup.predict(ids)).rejects.toMatchObject({ code: "UNROLL_DTYPE" });
  const embedding = new nn.Embedding(4, 2);
  embedding.loadStateDict({ weight: wave([4, 2], 1) });
  await expect(embedding.run(ids)).rejects.toMatchObject({ code: "UNROLL_DTYPE" });
});

it.each(Object.entries(engines))(
  "%s: a stream leaves a state to the caller that gave it",
  async (_name, make) => {
    const model = await compile(
      spec({
        name: "kept",
        inputs: [input({ name: "x", shape: [2] })],
        layers: [recurrent({ name: "rnn", input: "x", cell: simpleRnnCell({ inputSize: 2, units: 3 }) })],
      }),
      {
        adapter: make(),
        weights: {
          "rnn.kernel": wave([2, 3], 1),
          "rnn.recurrentKernel": wave([3, 3], 2),
          "rnn.bias": wave([3], 3),
        },
      },
    );
    const x = wave([1, 2], 4);
    // In the engine's memory, where the engine has one.
    const { state } = await model.step(x, model.zeroState(1));
    const [unused, reset] = [model.stream({ state }), model.stream()];
    reset.reset(state);
    unused.dispose();
    reset.dispose();
    await Promise.all([unused.state(), reset.state()]);
    const { output } = await model.step(x, state);
    expect(output.shape).toEqual([1, 3]);
    model.dispose();
  },
);

describe.each(Object.entries(engines))("%s: what a face is given is taken at the call", (_name, make) => {
  it("by Keras's predict: inputs, masks, initial states and weights", async () => {
    const model = keras(false).to(make());
    const [x, h, mask] = [
      wave([2, 4, 2], 1),
      wave([2, 3], 2),
      [
        [true, true, true, false],
        [true, true, false, false],
      ],
    ];
    const once = () => model.predict(x, { mask, initialState: [h] });
    const want = await once();
    const got = once();
    spoil(x, h);
    mask[0]!.fill(false);
    model.setWeights(model.weightSpecs.map(({ shape }, k) => wave(shape, k + 5)));
    expect(await got).toEqual(want);
    model.dispose();
  });

  it("by each call of a stateful model, and its state is that of the call before", async () => {
    const model = keras(true).to(make());
    const parts = [wave([2, 3, 2], 1), wave([2, 2, 2], 2)];
    const want = [await model.predict(parts[0]!), await model.predict(parts[1]!)];
    model.resetStates();
    const reused = parts.map(copyOf);
    const got = reused.map((part) => model.predict(part));
    spoil(...reused);
    expect(await Promise.all(got)).toEqual(want);
    model.dispose();
  });

  it("by PyTorch's modules: inputs, states, packed sequences and weights", async () => {
    const lstm = new nn.LSTM(2, 3, { batchFirst: true }).to(make());
    lstm.loadStateDict(lstmWeights(0));
    const [x, h, c] = [wave([2, 4, 2], 1), wave([1, 2, 3], 2), wave([1, 2, 3], 3)];
    const lengths = Int32Array.of(4, 2);
    const pack = () => packPaddedSequence(x, lengths, { batchFirst: true });
    const want = [await lstm.run(x, [h, c]), await lstm.run(pack())];
    const packed = pack();
    const got = [lstm.run(x, [h, c]), lstm.run(packed)];
    spoil(x, h, c, packed.data);
    (packed.lengths as number[]).fill(1);
    lengths.fill(1);
    lstm.loadStateDict(lstmWeights(5));
    expect(told(await Promise.all(got))).toEqual(told(want));
    lstm.dispose();
  });
});

describe("an array that is not the one of its dtype is refused by name", () => {
  const page = spec({
    name: "page",
    inputs: [input({ name: "x", shape: [2] })],
    layers: [recurrent({ name: "r", input: "x", cell: simpleRnnCell({ inputSize: 2, units: 2 }) })],
  });
  const weights = {
    "r.kernel": wave([2, 2], 1),
    "r.recurrentKernel": wave([2, 2], 2),
    "r.bias": wave([2], 3),
  };
  const adapter = builtin();
  const model = compile(page, { adapter, weights });
  const loaded = (): InstanceType<typeof nn.LSTM> => {
    const lstm = new nn.LSTM(2, 3);
    lstm.loadStateDict(lstmWeights(1));
    return lstm;
  };
  const product = (() => {
    const builder = new ProgramBuilder("product");
    const { block } = builder;
    const x = builder.input("x", { dtype: "float32", shape: ["batch", 2] });
    builder.output("y", block.matmul(x, builder.param("w", [2, 2])));
    return builder.finish();
  })();
  const calls: Readonly<Record<string, (of: Given) => unknown>> = {
    "weights of compile": (of) => compile(page, { adapter, weights: { ...weights, "r.kernel": of([2, 2]) } }),
    "weights of rebind": async (of) => (await model).rebind({ "r.kernel": of([2, 2]) }),
    sequence: async (of) => (await model).sequence(of([1, 1, 2])),
    step: async (of) => (await model).step(of([1, 2]), (await model).zeroState(1)),
    "a state": async (of) => (await model).step([[1, 2]], { r: { h: of([1, 2]) } }),
    "a mask": async (of) => {
      const mask = { ...of([1, 1]), dtype: "bool" } as HostTensor;
      return (await model).sequence([[[1, 2]]], { mask });
    },
    "weights of prepare": (of) => prepare(adapter, product, { w: of([2, 2]) }),
    "feeds of prepare": async (of) =>
      (await prepare(adapter, product, { w: wave([2, 2], 1) })).run({ x: of([2, 2]) }),
    "Keras predict": (of) => keras(false).predict(of([1, 1, 2])),
    "Keras setWeights": (of) => {
      const made = keras(false);
      made.setWeights(made.weightSpecs.map(({ shape }) => of([...shape])));
    },
    "Keras initial state": (of) =>
      keras(false).predict(wave([1, 1, 2], 1), { initialState: [of([1, 3])] as never }),
    "torch state": (of) => {
      const state = [of([1, 1, 3]), wave([1, 1, 3], 1)];
      return loaded().run(wave([1, 1, 2], 1), state as never);
    },
    "torch run": (of) => loaded().run(of([1, 1, 2])),
    "torch loadStateDict": (of) =>
      new nn.LSTM(2, 3).loadStateDict({ ...lstmWeights(1), weight_ih_l0: of([12, 2]) }),
    "torch packPaddedSequence": (of) => packPaddedSequence(of([1, 1, 2]), [1]),
  };
  type Given = (shape: readonly number[]) => HostTensor;
  const arrays = { BigInt64Array, Float64Array, Int32Array, Uint8ClampedArray };

  it.each(
    Object.entries(calls).flatMap(([name, call]) =>
      Object.entries(arrays).map(([array, Kind]) => [name, array, call, Kind] as const),
    ),
  )("by %s in %s", async (_, array, call, Kind) => {
    const given: Given = (shape) =>
      ({
        dtype: "float32",
        shape,
        data: new Kind(shape.reduce((a, b) => a * b, 1)),
      }) as unknown as HostTensor;
    const refused = (async () => call(given))();
    await expect(refused).rejects.toMatchObject({
      code: expect.stringMatching(/^UNROLL_(SHAPE|DTYPE|STATE|WEIGHTS|ARGUMENT)$/) as string,
      message: expect.stringContaining(array) as string,
    });
  });
});
