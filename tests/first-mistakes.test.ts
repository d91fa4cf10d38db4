import { readFileSync } from "node:fs";
import { onnx } from "@unroll/adapter-onnx";
import { tfjs } from "@unroll/adapter-tfjs";
import { builtin, compile, dense, type HostTensor, input, isUnrollError, spec, tensor } from "@unroll/api";
import * as tf from "@tensorflow/tfjs";
import * as ortNode from "onnxruntime-node";
import * as ortWeb from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import "./engines.js";

const small = spec({
  name: "m",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [dense({ name: "d", input: "x", inputSize: 2, units: 1 })],
});
const weights: Record<string, HostTensor> = {
  "d.kernel": tensor([[1], [2]]),
  "d.bias": tensor([0]),
};
const x = tensor([[[1, 2]]]);
const texts = JSON.parse(readFileSync(new URL("./first-mistakes.json", import.meta.url), "utf8")) as Readonly<
  Record<string, string>
>;
const make = (options: object): Promise<unknown> => compile(small, options as never);
const model = (): ReturnType<typeof compile<typeof small>> => compile(small, { adapter: builtin(), weights });
const withKernel = (kernel: unknown): Promise<unknown> =>
  make({ adapter: builtin(), weights: { ...weights, "d.kernel": kernel } });

async function said(mistake: () => unknown): Promise<string> {
  try {
    await mistake();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing";
}

/** What is typed at first; first-mistakes.json has all that is said of it. */
const mistakes: Readonly<Record<string, () => unknown>> = {
  "no adapter": () => make({ weights }),
  "no options": () => compile(small, undefined as never),
  "no spec": () => compile(undefined as never, { adapter: builtin(), weights }),
  "an adapter by its name": () => make({ adapter: "onnx", weights }),
  "a factory that was not called": () => make({ adapter: builtin, weights }),
  "a promise of an adapter": () => make({ adapter: Promise.resolve(builtin()), weights }),
  "an option with a typo": () => make({ adapter: builtin(), weights, timeMayor: true }),
  "no weights": () => make({ adapter: builtin() }),
  "weights in a Map": () => make({ adapter: builtin(), weights: new Map(Object.entries(weights)) }),
  "a weight as nested arrays": () => withKernel([[1], [2]]),
  "a weight as a typed array": () => withKernel(Float32Array.of(1, 2)),
  "a weight shorter than its shape": () =>
    withKernel({ dtype: "float32", shape: [2, 1], data: Float32Array.of(1) }),
  "new weights as nested arrays": async () => (await model()).rebind({ "d.bias": [0] } as never),
  "a sequence of nothing": async () => (await model()).sequence(undefined as never),
  "a bare typed array": async () => (await model()).sequence(Float32Array.of(1, 2) as never),
  "a tensor of TensorFlow.js": async () => (await model()).sequence(tf.tensor([[[1, 2]]]) as never),
  "a tensor of ONNX Runtime": async () =>
    (await model()).sequence(new ortWeb.Tensor("float32", [1, 2], [1, 1, 2]) as never),
  "a step without a state": async () => (await model()).step(tensor([[1, 2]]), undefined as never),
  "an option of a sequence with a typo": async () => (await model()).sequence(x, { length: [1] } as never),
  "an option that steps don't have": async () =>
    (await model()).step(tensor([[1, 2]]), {}, { state: {} } as never),
  "an option of a stream with a typo": async () => (await model()).stream({ rows: 2 } as never),
  "onnx without its library": () => onnx(undefined as never),
  "onnx of something else": () => onnx({} as never),
  "onnx of a library still loading": () => onnx(import("onnxruntime-web") as never),
  "tfjs without its library": () => tfjs(undefined as never),
  "tfjs of something else": () => tfjs({} as never),
  "a device that is not here": () => make({ adapter: onnx(ortWeb, { device: "webgpu" }), weights }),
  "a device with a typo": () => make({ adapter: onnx(ortNode, { device: "cpuu" }), weights }),
  "a backend that is not imported": () => make({ adapter: tfjs(tf, { backend: "webgpu" }), weights }),
  "a backend with a typo": () => make({ adapter: tfjs(tf, { backend: "wasn" }), weights }),
};

describe("a first mistake", () => {
  it.each(Object.entries(mistakes))("%s", async (title, mistake) => {
    expect(await said(mistake)).toBe(texts[title]);
  });
});
