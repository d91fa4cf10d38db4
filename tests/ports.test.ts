import { readFile } from "node:fs/promises";
import {
  activation,
  batchNorm,
  bidirectional,
  compile,
  convolution,
  dense,
  embedding,
  type HostTensor,
  input,
  type LayerSpec,
  lstmCell,
  merge,
  recurrent,
  reduce,
  spec,
  type Spec,
  type SteppableModel,
  tensor,
} from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import { type Block, customCell, type Value } from "@unroll/api/cells";
import { layers, sequential } from "@unroll/api/keras";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

// Models of public scripts that stand on layers around a recurrence, recorded in the real frameworks.

const folder = new URL("../fixtures/ports/", import.meta.url);

async function recorded(name: string) {
  const { tensors } = readSafetensors(await readFile(new URL(`${name}.safetensors`, folder)));
  const float = (key: string): HostTensor<"float32"> =>
    tensor(tensors[key]!.data as Float32Array, tensors[key]!.shape);
  const ids = (key: string): HostTensor<"int32"> =>
    tensor(Int32Array.from(tensors[key]!.data as BigInt64Array, Number), tensors[key]!.shape, "int32");
  const weights = Object.fromEntries(
    Object.entries(tensors).flatMap(([key, held]) => (key.startsWith("w.") ? [[key.slice(2), held]] : [])),
  );
  return { tensors, float, ids, weights };
}

/** Float32 results of the framework are this near those of float64, by the notes of the recordings. */
const NEAR = 7e-7;

/** Holds a whole run on every engine to the bound, and the truth to what was recorded. */
function holds(
  model: Spec,
  load: () => Promise<{
    readonly weights: Parameters<typeof deriveBounds>[1];
    readonly inputs: Readonly<Record<string, HostTensor>>;
    readonly want: ArrayLike<number>;
  }>,
): void {
  it("is what the framework computed", async () => {
    const { weights, inputs, want } = await load();
    const { exact } = deriveBounds(model, weights, { inputs });
    const { data } = exact.outputs[model.outputs[0]!]!;
    expect(data.length).toBe(want.length);
    data.forEach((value, k) =>
      expect(Math.abs(value - want[k]!) / Math.max(1, Math.abs(value))).toBeLessThan(NEAR),
    );
  });

  it.each(Object.entries(engines))("runs on %s", async (_name, make: () => Adapter) => {
    const { weights, inputs } = await load();
    const { exact, bounds } = deriveBounds(model, weights, { inputs });
    const compiled = await compile(model, { adapter: make(), weights });
    const { outputs } = await compiled.sequence(inputs);
    for (const ref of model.outputs)
      expect(
        compareWithBound(outputs[ref]!, exact.outputs[ref]!, bounds.outputs[ref]!).errorOverBound,
      ).toBeLessThan(1);
    compiled.dispose();
  });
}

describe("mnist_rnn of pytorch/examples, with its batch norm", () => {
  const model = spec({
    name: "mnist",
    inputs: [input({ name: "x", shape: [28] })],
    layers: [
      recurrent({
        name: "rnn",
        input: "x",
        cell: lstmCell({ inputSize: 28, units: 64, bias: "split" }),
        returns: "last",
      }),
      batchNorm({ name: "batchnorm", input: "rnn", inputSize: 64, epsilon: 1e-5 }),
      dense({ name: "fc1", input: "batchnorm", inputSize: 64, units: 32, activation: "relu" }),
      dense({ name: "fc2", input: "fc1", inputSize: 32, units: 10, activation: "logSoftmax" }),
    ],
  });
  holds(model, async () => {
    const { float, weights, tensors } = await recorded("torch/p10");
    const { data } = float("x");
    return {
      weights: fromTorch(model, weights).weights,
      inputs: { x: tensor(data, [4, 28, 28]) },
      want: tensors["out"]!.data as Float32Array,
    };
  });
});

describe("NeuroNLP2's characters into words: a convolution's maximum beside word vectors", () => {
  const model = spec({
    name: "tagger",
    inputs: [
      input({ name: "words", dtype: "int32", shape: [] }),
      input({ name: "characters", dtype: "int32", shape: [8] }),
    ],
    layers: [
      embedding({ name: "word_embedd", input: "words", inputSize: 50, outputSize: 12 }),
      embedding({ name: "char_embedd", input: "characters", inputSize: 30, outputSize: 10 }),
      convolution({
        name: "conv1d",
        input: "char_embedd",
        over: "features",
        inputShape: [8, 10],
        filters: 14,
        kernelSize: [3],
        padding: [[2, 2]],
      }),
      reduce({ name: "most", input: "conv1d", axis: 0, mode: "max" }),
      merge({ name: "both", inputs: ["word_embedd", "most"], mode: "concat" }),
      activation({ name: "squashed", input: "both", activation: "tanh" }),
      bidirectional({
        name: "rnn",
        input: "squashed",
        forward: lstmCell({ inputSize: 26, units: 16, bias: "split" }),
        merge: "concat",
      }),
      dense({ name: "dense", input: "rnn", inputSize: 32, units: 9 }),
    ],
  });
  holds(model, async () => {
    const { ids, weights, tensors } = await recorded("torch/p13ma");
    return {
      weights: fromTorch(model, weights).weights,
      inputs: { words: ids("wd"), characters: ids("ch") },
      want: tensors["out"]!.data as Float32Array,
    };
  });
});

/** (x - mean) / √(variance + ε) ⊙ weight + bias over the last axis, as `nn.LayerNorm`. */
function layerNorm(b: Block, x: Value, weight: Value, bias: Value): Value {
  const size = b.constant(x.type.shape[1] as number);
  const centred = b.sub(x, b.div(b.sum(x, 1), size));
  const variance = b.div(b.sum(b.mul(centred, centred), 1), size);
  return b.add(b.mul(b.div(centred, b.sqrt(b.add(variance, b.constant(1e-5)))), weight), bias);
}

/** `LayerNormLSTMCell` of fastrnns, which carries on the normalised cell state. */
const layerNormCell = (inputSize: number, units: number) =>
  customCell({
    name: "layerNormLSTM",
    inputSize,
    state: { h: units, c: units },
    weights: {
      weight_ih: [inputSize, 4 * units],
      weight_hh: [units, 4 * units],
      "layernorm_i.weight": [4 * units],
      "layernorm_i.bias": [4 * units],
      "layernorm_h.weight": [4 * units],
      "layernorm_h.bias": [4 * units],
      "layernorm_c.weight": [units],
      "layernorm_c.bias": [units],
    },
    step(b, { x, state: { h, c }, weights: w }) {
      const gates = b.add(
        layerNorm(b, b.matmul(x, w.weight_ih), w["layernorm_i.weight"], w["layernorm_i.bias"]),
        layerNorm(b, b.matmul(h, w.weight_hh), w["layernorm_h.weight"], w["layernorm_h.bias"]),
      );
      const part = (k: number): Value => b.slice(gates, 1, k * units, units);
      const [i, f, g, o] = [b.sigmoid(part(0)), b.sigmoid(part(1)), b.tanh(part(2)), b.sigmoid(part(3))];
      const next = layerNorm(
        b,
        b.add(b.mul(f, c), b.mul(i, g)),
        w["layernorm_c.weight"],
        w["layernorm_c.bias"],
      );
      return { state: { h: b.mul(o, b.tanh(next)), c: next } };
    },
  });

/** [rows, columns] as [columns, rows]. */
function transposed({ shape: [rows, columns], data }: HostTensor<"float32">): HostTensor<"float32"> {
  const [n, m] = [rows!, columns!];
  return tensor(
    Float32Array.from({ length: n * m }, (_, k) => data[(k % n) * m + Math.floor(k / n)]!),
    [m, n],
  );
}

describe("the stacked layer-norm LSTM of fastrnns", () => {
  const model = spec({
    name: "fastrnns",
    inputs: [input({ name: "x", shape: [6] })],
    layers: [
      recurrent({ name: "layers/0/cell", input: "x", cell: layerNormCell(6, 8) }),
      recurrent({ name: "layers/1/cell", input: "layers/0/cell", cell: layerNormCell(8, 8) }),
    ],
  } as { name: string; inputs: ReturnType<typeof input>[]; layers: LayerSpec[] });

  it.each(Object.entries(engines))("whole and by steps on %s, from given states", async (_name, make) => {
    const { float, tensors } = await recorded("torch/p11_ln");
    const weights = Object.fromEntries(
      Object.keys(tensors).flatMap((key) => {
        const found = /^w\.layers\.(\d)\.cell\.(.*)$/.exec(key);
        if (!found) return [];
        const held = float(key);
        return [[`layers/${found[1]}/cell.${found[2]}`, held.shape.length === 2 ? transposed(held) : held]];
      }),
    );
    const state = Object.fromEntries(
      [0, 1].map((k) => [`layers/${k}/cell`, { h: float(`s${k}h`), c: float(`s${k}c`) }]),
    );
    const [x, want] = [float("x"), float("o")];
    const compiled = (await compile(model, { adapter: make(), weights, timeMajor: true })) as SteppableModel;
    const near = (what: string, got: HostTensor, truth: HostTensor): void =>
      got.data.forEach((value: number, k: number) =>
        expect(Math.abs(value - truth.data[k]!), `${what}[${k}]`).toBeLessThan(2e-6),
      );
    const whole = await compiled.sequence(x, { state });
    near("o", whole.output, want);
    const after = await whole.state.toTypedArrays();
    for (const k of [0, 1])
      for (const part of ["h", "c"])
        near(`n${k}${part}`, after[`layers/${k}/cell`]![part]!, float(`n${k}${part}`));
    let current: Parameters<typeof compiled.step>[1] = state;
    for (let t = 0; t < 7; t++) {
      const frame = tensor(x.data.slice(t * 18, (t + 1) * 18), [3, 6]);
      const step = await compiled.step(frame, current);
      near(`step ${t}`, step.output, tensor(want.data.slice(t * 24, (t + 1) * 24), [3, 8]));
      current = step.state;
    }
    compiled.dispose();
  });
});

describe("the MNIST rows of Keras's guide, with BatchNormalization", () => {
  it.each(Object.entries(engines))("runs as it stands on %s", async (_name, make) => {
    const { tensors } = await recorded("keras/guide_mnist");
    const model = sequential([
      layers.rnn({ cell: layers.lstmCell({ units: 64 }), inputShape: [null, 28] }),
      layers.batchNormalization(),
      layers.dense(10),
    ]);
    const listed = Object.keys(tensors).filter((key) => key.startsWith("list/"));
    model.setWeights(listed.sort().map((key) => tensors[key]!));
    await model.compile({ adapter: make() });
    const x = tensors["in/0"]!;
    const got = (await model.predict(tensor(x.data as Float32Array, x.shape))) as HostTensor;
    const want = tensors["out/0"]!.data as Float32Array;
    got.data.forEach((value: number, k: number) => expect(Math.abs(value - want[k]!)).toBeLessThan(3e-6));
    model.dispose();
  });
});
