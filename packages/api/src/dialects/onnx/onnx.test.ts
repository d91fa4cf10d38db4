import { describe, expect, it } from "vitest";
import { type HostTensor, sizeOf, tensor } from "../../contract/tensor.js";
import {
  bidirectional,
  dense,
  embedding,
  gruCell,
  input,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
} from "../../specification/build.js";
import { specWeights } from "../../specification/weights.js";
import { fromOnnx, toOnnx } from "./index.js";

let seed = 1;
const random = (shape: readonly number[]): HostTensor<"float32"> =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => Math.sin(seed++ * 12.9898) * 3),
    shape,
  );

const everything = spec({
  name: "all",
  inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "embedding", input: "ids", inputSize: 7, outputSize: 3 }),
    bidirectional({
      name: "lstm",
      input: "embedding",
      forward: lstmCell({ inputSize: 3, units: 2, bias: "split" }),
    }),
    bidirectional({
      name: "bare",
      input: "lstm",
      forward: lstmCell({ inputSize: 4, units: 2, bias: "none", peepholes: true }),
    }),
    recurrent({ name: "gru", input: "bare", cell: gruCell({ inputSize: 4, units: 5, bias: "split" }) }),
    recurrent({ name: "rnn", input: "gru", cell: simpleRnnCell({ inputSize: 5, units: 4, bias: "split" }) }),
    dense({ name: "fc", input: "rnn", inputSize: 4, units: 6 }),
  ],
});

describe("onnx weights", () => {
  it("go to initializers and back bit for bit", () => {
    const weights = Object.fromEntries(
      specWeights(everything).map(({ name, shape }) => [name, random(shape)]),
    );
    const out = toOnnx(everything, weights);
    expect(out.losses).toEqual([]);
    expect(Object.entries(out.weights).map(([name, w]) => `${name} ${w.shape.join("x")}`)).toEqual([
      "embedding.table 7x3",
      "lstm.W 2x8x3",
      "lstm.R 2x8x2",
      "lstm.B 2x16",
      "bare.W 2x8x4",
      "bare.R 2x8x2",
      "bare.P 2x6",
      "gru.W 1x15x4",
      "gru.R 1x15x5",
      "gru.B 1x30",
      "rnn.W 1x4x5",
      "rnn.R 1x4x4",
      "rnn.B 1x8",
      "fc.kernel 4x6",
      "fc.bias 6",
    ]);
    const back = fromOnnx(everything, out.weights);
    expect(back.losses).toEqual([]);
    for (const [name, weight] of Object.entries(weights))
      expect(new Uint32Array(back.weights[name]!.data.buffer)).toEqual(new Uint32Array(weight.data.buffer));
  });

  it("put gates i o f c, directions and both biases where ONNX has them", () => {
    const one = spec({
      name: "l",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [
        bidirectional({
          name: "lstm",
          input: "x",
          forward: lstmCell({ inputSize: 1, units: 1, bias: "split" }),
        }),
      ],
    });
    const { weights } = fromOnnx(
      one,
      {
        w: tensor([
          [[1], [2], [3], [4]],
          [[5], [6], [7], [8]],
        ]),
        "lstm.R": tensor([
          [[1], [2], [3], [4]],
          [[5], [6], [7], [8]],
        ]),
        "lstm.B": tensor([
          [1, 2, 3, 4, 10, 20, 30, 40],
          [5, 6, 7, 8, 50, 60, 70, 80],
        ]),
      },
      [{ layer: "lstm", names: { W: "w" } }],
    );
    expect([...weights["lstm.forward.kernel"]!.data]).toEqual([1, 3, 4, 2]);
    expect([...weights["lstm.backward.recurrentKernel"]!.data]).toEqual([5, 7, 8, 6]);
    expect([...weights["lstm.forward.recurrentBias"]!.data]).toEqual([10, 30, 40, 20]);
    expect([...weights["lstm.backward.inputBias"]!.data]).toEqual([5, 7, 8, 6]);
  });

  it("put peepholes i o f where ONNX has them, and have no place for a projection", () => {
    const of = (more: object) =>
      spec({
        name: "l",
        inputs: [input({ name: "x", shape: [1] })],
        layers: [
          recurrent({
            name: "lstm",
            input: "x",
            cell: lstmCell({ inputSize: 1, units: 2, bias: "none", ...more }),
          }),
        ],
      });
    const given = {
      "lstm.W": tensor(new Float32Array(8), [1, 8, 1]),
      "lstm.R": tensor(new Float32Array(16), [1, 8, 2]),
      "lstm.P": tensor([[1, 2, 3, 4, 5, 6]]),
    };
    expect([...fromOnnx(of({ peepholes: true }), given).weights["lstm.peephole"]!.data]).toEqual([
      1, 2, 5, 6, 3, 4,
    ]);
    expect(() => fromOnnx(of({ projection: 1 }), given)).toThrow(
      /onnx weights of lstm "lstm": expected no projection/,
    );
  });

  it("tell of two biases summed into one, and refuse where they can't be", () => {
    const of = (bias: "single", resetAfter: boolean) =>
      spec({
        name: "g",
        inputs: [input({ name: "x", shape: [1] })],
        layers: [
          recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 1, units: 1, bias, resetAfter }) }),
        ],
      });
    const given = {
      "gru.W": tensor([[[1], [2], [3]]]),
      "gru.R": tensor([[[1], [2], [3]]]),
      "gru.B": tensor([[1, 2, 3, 10, 20, 30]]),
    };
    const { weights, losses } = fromOnnx(of("single", false), given);
    expect([...weights["gru.bias"]!.data]).toEqual([11, 22, 33]);
    expect(losses).toMatchObject([{ kind: "summed", to: "gru.bias" }]);
    expect(() => fromOnnx(of("single", true), given)).toThrow(
      /expected two biases for layer "gru".*set bias "split"/,
    );
  });

  it("list every initializer that is wrong, and refuse directions that differ", () => {
    expect(() => fromOnnx(everything, { "lstm.W": tensor([[[1]]]), extra: tensor([1]) })).toThrow(
      /onnx initializers of "all": expected .*lstm\.R.*extra/,
    );
    const mixed = spec({
      name: "m",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [
        bidirectional({
          name: "both",
          input: "x",
          forward: lstmCell({ inputSize: 1, units: 1 }),
          backward: lstmCell({ inputSize: 1, units: 2 }),
        }),
      ],
    });
    expect(() => fromOnnx(mixed, {})).toThrow(
      /onnx weights of layer "both": expected both directions of one kind/,
    );
  });
});
