import { describe, expect, it } from "vitest";
import { isUnrollError } from "../../contract/error.js";
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
import { fromTorch, toTorch } from "./index.js";

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
      name: "lstm_l0",
      input: "embedding",
      forward: lstmCell({ inputSize: 3, units: 2, bias: "split" }),
    }),
    bidirectional({
      name: "lstm_l1",
      input: "lstm_l0",
      forward: lstmCell({ inputSize: 4, units: 2, bias: "none" }),
    }),
    recurrent({ name: "body/gru", input: "lstm_l1", cell: gruCell({ inputSize: 4, units: 5 }) }),
    recurrent({
      name: "rnn_l0",
      input: "body/gru",
      cell: simpleRnnCell({ inputSize: 5, units: 4, bias: "split" }),
    }),
    dense({ name: "fc", input: "rnn_l0", inputSize: 4, units: 6 }),
  ],
});

const caught = (run: () => unknown): { code: string; message: string } => {
  try {
    run();
  } catch (error) {
    if (isUnrollError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("torch weights", () => {
  it("go to a state_dict and back bit for bit, NaN payloads included", () => {
    const weights = Object.fromEntries(
      specWeights(everything).map(({ name, shape }) => [name, random(shape)]),
    );
    new Uint32Array(weights["fc.bias"]!.data.buffer)[0] = 0x7fc12345;
    const out = toTorch(everything, weights);
    expect(out.losses).toEqual([]);
    expect(Object.entries(out.weights).map(([name, w]) => `${name} ${w.shape.join("x")}`)).toEqual([
      "embedding.weight 7x3",
      "lstm.weight_ih_l0 8x3",
      "lstm.weight_hh_l0 8x2",
      "lstm.bias_ih_l0 8",
      "lstm.bias_hh_l0 8",
      "lstm.weight_ih_l0_reverse 8x3",
      "lstm.weight_hh_l0_reverse 8x2",
      "lstm.bias_ih_l0_reverse 8",
      "lstm.bias_hh_l0_reverse 8",
      "lstm.weight_ih_l1 8x4",
      "lstm.weight_hh_l1 8x2",
      "lstm.weight_ih_l1_reverse 8x4",
      "lstm.weight_hh_l1_reverse 8x2",
      "body.gru.weight_ih_l0 15x4",
      "body.gru.weight_hh_l0 15x5",
      "body.gru.bias_ih_l0 15",
      "body.gru.bias_hh_l0 15",
      "rnn.weight_ih_l0 4x5",
      "rnn.weight_hh_l0 4x4",
      "rnn.bias_ih_l0 4",
      "rnn.bias_hh_l0 4",
      "fc.weight 6x4",
      "fc.bias 6",
    ]);
    const back = fromTorch(everything, out.weights);
    expect(back.losses).toEqual([]);
    for (const [name, weight] of Object.entries(weights))
      expect(new Uint32Array(back.weights[name]!.data.buffer)).toEqual(new Uint32Array(weight.data.buffer));
    const again = toTorch(everything, back.weights);
    for (const [name, weight] of Object.entries(out.weights))
      expect(new Uint32Array(again.weights[name]!.data.buffer)).toEqual(new Uint32Array(weight.data.buffer));
  });

  it("hold a projection, and have no place for peepholes", () => {
    const of = (more: object) =>
      spec({
        name: "l",
        inputs: [input({ name: "x", shape: [1] })],
        layers: [
          recurrent({
            name: "lstm",
            input: "x",
            cell: lstmCell({ inputSize: 1, units: 3, bias: "none", ...more }),
          }),
        ],
      });
    const weights = {
      "lstm.kernel": tensor(new Float32Array(12), [1, 12]),
      "lstm.recurrentKernel": tensor(new Float32Array(24), [2, 12]),
      "lstm.projectionKernel": tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    };
    const out = toTorch(of({ projection: 2 }), weights).weights;
    expect(Object.keys(out)).toEqual(["lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.weight_hr_l0"]);
    expect(out["lstm.weight_hr_l0"]).toEqual(
      tensor([
        [1, 3, 5],
        [2, 4, 6],
      ]),
    );
    expect(caught(() => fromTorch(of({ peepholes: true }), {}))).toMatchObject({
      code: "UNROLL_UNSUPPORTED",
      message: expect.stringContaining('torch weights of lstm "lstm": expected no peepholes') as unknown,
    });
  });

  it("put the gates and axes where PyTorch has them", () => {
    const gru = spec({
      name: "g",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 1, units: 2 }) })],
    });
    const { weights } = fromTorch(gru, {
      "gru.weight_ih_l0": tensor([[1], [2], [3], [4], [5], [6]]),
      "gru.weight_hh_l0": tensor([
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
        [9, 10],
        [11, 12],
      ]),
      "gru.bias_ih_l0": tensor([1, 2, 3, 4, 5, 6]),
      "gru.bias_hh_l0": tensor([0, 0, 0, 0, 0, 9]),
    });
    expect([...weights["gru.kernel"]!.data]).toEqual([3, 4, 1, 2, 5, 6]);
    expect([...weights["gru.recurrentKernel"]!.data]).toEqual([5, 7, 1, 3, 9, 11, 6, 8, 2, 4, 10, 12]);
    expect([...weights["gru.inputBias"]!.data]).toEqual([3, 4, 1, 2, 5, 6]);
  });

  const merged = spec({
    name: "m",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 1, units: 1 }) })],
  });
  const dict = {
    "lstm.weight_ih_l0": random([4, 1]),
    "lstm.weight_hh_l0": random([4, 1]),
    "lstm.bias_ih_l0": tensor([1, 2, 3, 4]),
    "lstm.bias_hh_l0": tensor([10, 20, 30, 40]),
  };

  it("report biases that were summed, and rounding", () => {
    const { weights, losses } = fromTorch(merged, {
      ...dict,
      "lstm.weight_hh_l0": { dtype: "F64", shape: [4, 1], data: Float64Array.of(0.1, 1, 2, 3) },
    });
    expect([...weights["lstm.bias"]!.data]).toEqual([11, 22, 33, 44]);
    expect(losses.map((loss) => loss.message)).toEqual([
      "lstm.weight_hh_l0 was rounded from float64 to float32, by at most 1.4901161138336505e-9",
      "lstm.bias_ih_l0 and lstm.bias_hh_l0 were summed into lstm.bias",
    ]);
    const back = toTorch(merged, weights);
    expect(back.losses).toEqual([]);
    expect([...back.weights["lstm.bias_hh_l0"]!.data]).toEqual([0, 0, 0, 0]);
    expect(fromTorch(merged, back.weights).losses).toEqual([]);
  });

  it("refuse to sum the biases that a reset gate separates", () => {
    const gru = spec({
      name: "g",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [
        recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 1, units: 1, bias: "single" }) }),
      ],
    });
    const given = {
      "gru.weight_ih_l0": random([3, 1]),
      "gru.weight_hh_l0": random([3, 1]),
      "gru.bias_ih_l0": random([3]),
      "gru.bias_hh_l0": tensor([1, 2, 3]),
    };
    expect(caught(() => fromTorch(gru, given))).toMatchObject({
      code: "UNROLL_WEIGHTS",
      message:
        'state_dict of "g": expected two biases for layer "gru", got a place for one; with resetAfter ' +
        'the reset gate multiplies gru.bias_hh_l0 alone, so set bias "split"',
    });
    expect(fromTorch(gru, { ...given, "gru.bias_hh_l0": tensor([1, 2, 0]) }).losses).toHaveLength(1);
  });

  it("list every wrong key in one error, in PyTorch's names", () => {
    const { "lstm.bias_hh_l0": _, ...rest } = dict;
    expect(
      caught(() =>
        fromTorch(merged, { ...rest, "lstm.weight_ih_l0": random([4, 2]), "fc.weight": random([2, 2]) }),
      ),
    ).toMatchObject({
      code: "UNROLL_WEIGHTS",
      message:
        'state_dict of "m": expected 4 weights, got 1 missing, 1 unexpected, 1 mis-shaped: missing ' +
        "lstm.bias_hh_l0 [4]; unexpected fc.weight [2, 2]; mis-shaped lstm.weight_ih_l0 is [4, 2], not " +
        "[4, 1]; compare the module's sizes and options with the Python code, or give bindings",
    });
  });

  it("refuse cells that PyTorch does not have", () => {
    const gru = spec({
      name: "g",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [
        recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 1, units: 1, resetAfter: false }) }),
      ],
    });
    expect(caught(() => toTorch(gru, {})).message).toContain(
      'torch weights of gru "gru": expected resetAfter true, the only form PyTorch computes, got false',
    );
  });
});
