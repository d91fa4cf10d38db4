import { readFileSync } from "node:fs";
import { type HostTensor, isUnrollError, tensor } from "@unroll/api";
import { type KerasModel, layers, sequential } from "@unroll/api/keras";
import { readSafetensors } from "@unroll/api/weights";
import { readWeights } from "@unroll/formats";
import { loadModel } from "@unroll/formats/models";
import * as tf from "@tensorflow/tfjs";
import { strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { packed, saved } from "../packages/formats/test/tfjs-artifacts.js";
import { engines } from "./engines.js";

// Whole models out of each file that they come in, held to what Keras and TensorFlow.js computed.

const bytesAt = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${path}`, import.meta.url)));

interface Recorded {
  readonly x: HostTensor;
  readonly output: HostTensor;
}

function recorded(path: string, input: string, output: string): Recorded {
  const { tensors } = readSafetensors(bytesAt(path));
  const host = (name: string): HostTensor => {
    const { data, shape } = tensors[name]!;
    return data instanceof Float32Array
      ? { dtype: "float32", shape, data }
      : { dtype: "int32", shape, data: Int32Array.from(data as BigInt64Array, Number) };
  };
  return { x: host(input), output: host(output) };
}

/** Keras's float32 results, and ours, are both this far from the truth on models this small. */
const NEAR = 2 * 7e-7;

function near(got: HostTensor, want: HostTensor): void {
  expect(got.shape).toEqual(want.shape);
  for (const [k, value] of want.data.entries()) expect(Math.abs(value - got.data[k]!)).toBeLessThan(NEAR);
}

const predicted = async (model: KerasModel, x: HostTensor): Promise<HostTensor> =>
  (await model.predict(x)) as HostTensor;

const names = ["emb_lstm_gru", "bilstm_simplernn"];
const cases = [
  ...names.map((name) => {
    const values = recorded("files/keras-saved.safetensors", `${name}.input`, `${name}.output`);
    return [`keras-saved/${name}`, values] as const;
  }),
  ["files/trained", recorded("files/trained.io.safetensors", "x", "output")] as const,
];

describe("loadModel", () => {
  for (const [path, { x, output }] of cases)
    for (const ending of ["keras", "h5"])
      it.each(Object.entries(engines))(
        `gives ${path}.${ending} on %s, with what Keras computed`,
        async (_, make) => {
          const model = await loadModel(bytesAt(`${path}.${ending}`), { adapter: make() });
          near(await predicted(model, x), output);
          model.dispose();
        },
      );

  it.each(names)("gives %s the weights that its .weights.h5 holds", async (name) => {
    const model = await loadModel(bytesAt(`keras-saved/${name}.keras`));
    const expected = model.getWeights();
    const { tensors } = await readWeights(bytesAt(`keras-saved/${name}.weights.h5`));
    model.setWeights(expected.map(({ shape, data }) => tensor([...data.map(() => 0)], shape)));
    model.loadWeights(tensors);
    expect(model.getWeights()).toEqual(expected);
    expect(expected.some(({ data }) => data.some((value) => value !== 0))).toBe(true);
  });

  it("gives what TensorFlow.js saved, with its numbers", async () => {
    const model = tf.sequential({
      name: "net",
      layers: [
        tf.layers.lstm({ units: 4, returnSequences: true, inputShape: [5, 3] }),
        tf.layers.bidirectional({ layer: tf.layers.gru({ units: 2 }) as tf.RNN, mergeMode: "concat" }),
        tf.layers.dense({ units: 2, activation: "softmax" }),
      ],
    });
    const { json, shards } = packed(await saved(model), 100);
    const x = Float32Array.from({ length: 30 }, (_, k) => Math.sin(k));
    const seen: number[] = [];
    const ours = await loadModel(json, {
      shards: (name) => shards[name]!,
      progress: (loaded) => void seen.push(loaded),
    });
    const want = (model.predict(tf.tensor3d(x, [2, 5, 3])) as tf.Tensor).dataSync() as Float32Array;
    const given: HostTensor = { dtype: "float32", shape: [2, 5, 3], data: x };
    near(await predicted(ours, given), { dtype: "float32", shape: [2, 2], data: want });
    expect(seen).toEqual([json.length]);
    ours.dispose();
  });

  /** A model file with another configuration, or other weights. */
  const changed = (path: string, change: (config: string) => string): Uint8Array => {
    const entries = unzipSync(bytesAt(path));
    const config = change(new TextDecoder().decode(entries["config.json"]));
    return zipSync({ ...entries, "config.json": strToU8(config) });
  };

  it("takes layers of one's own, by the names of their classes", async () => {
    const file = changed("keras-saved/emb_lstm_gru.keras", (config) =>
      config.replace('"class_name": "Dense"', '"class_name": "MyDense"'),
    );
    const error: unknown = await loadModel(file).catch((cause: unknown) => cause);
    expect(isUnrollError(error) && [error.code, error.message]).toEqual([
      "UNROLL_UNSUPPORTED",
      expect.stringContaining('MyDense "dense"; give what makes them as customObjects'),
    ]);
    const model = await loadModel(file, {
      customObjects: {
        MyDense: ({ units, name }) =>
          layers.dense({ units: units as number, name: name as string, activation: "softmax" }),
      },
    });
    const [, { x, output }] = cases[0]!;
    near(await predicted(model, x), output);
    model.dispose();
  });

  it("keeps a stateful model stateful", async () => {
    const config = (sized: string): string =>
      sized.replace(/"stateful": false/g, '"stateful": true').replace("[null, 7]", "[2, 7]");
    const model = await loadModel(changed("keras-saved/emb_lstm_gru.keras", config));
    const x: HostTensor = { dtype: "int32", shape: [2, 7], data: new Int32Array(14).fill(3) };
    const first = await predicted(model, x);
    const second = await predicted(model, x);
    expect(second.data).not.toEqual(first.data);
    model.resetStates();
    expect((await predicted(model, x)).data).toEqual(first.data);
    model.dispose();
  });

  it("says what is missing in a file, and what is not of its model", async () => {
    await expect(loadModel(bytesAt("keras-saved/emb_lstm_gru.weights.h5"))).rejects.toThrow(
      "keras file: expected a whole model, got weights alone; build the model with @unroll/api/keras",
    );
    const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    const graph = json({ modelTopology: { node: [] }, weightsManifest: [] });
    await expect(loadModel(graph)).rejects.toThrow("tfjs model.json: expected its shards, got none");
    const shards = (): Uint8Array => new Uint8Array(0);
    await expect(loadModel(graph, { shards })).rejects.toMatchObject({
      code: "UNROLL_UNSUPPORTED",
      message: expect.stringContaining("expected a model of layers, got a graph of operations") as string,
    });
    await expect(loadModel(json({ weightsManifest: [] }), { shards })).rejects.toMatchObject({
      code: "UNROLL_FORMAT",
      message: expect.stringContaining("expected a model of layers, got weights alone") as string,
    });
    const other = changed("keras-saved/emb_lstm_gru.keras", (config) =>
      config.replace('"units": 8', '"units": 9'),
    );
    await expect(loadModel(other)).rejects.toMatchObject({ code: "UNROLL_WEIGHTS" });
    await expect(loadModel(bytesAt("files/views.pt"))).rejects.toThrow("keras file: expected config.json");
    await expect(loadModel(bytesAt("files/fortran.npy"))).rejects.toThrow("got neither");
  });

  it("refuses options that there are none of", async () => {
    const file = bytesAt("keras-saved/emb_lstm_gru.keras");
    await expect(loadModel(file, { customObject: {} } as never)).rejects.toThrow(/loadModel: .*customObject/);
    await expect(loadModel(file, { customObjects: 5 as never })).rejects.toThrow("customObjects: expected");
    await expect(loadModel("model.keras" as never)).rejects.toThrow("expected a Uint8Array");
    await expect(loadModel(file, null as never)).rejects.toThrow("loadModel: expected");
  });

  it("leaves a model that was loaded free to be taken further", async () => {
    const [, { x, output }] = cases[1]!;
    const inner = await loadModel(bytesAt("keras-saved/bilstm_simplernn.keras"));
    const whole = sequential([inner, layers.dense({ units: 1, useBias: false })]);
    whole.setWeights([
      ...inner.getWeights(),
      tensor([1, 0, 0, 0].slice(0, output.shape[1]!), [output.shape[1]!, 1]),
    ]);
    const column = (await predicted(whole, x)).data;
    expect(column.length).toBe(output.shape[0]);
    for (const [k, value] of column.entries())
      expect(Math.abs(value - output.data[k * output.shape[1]!]!)).toBeLessThan(NEAR);
    whole.dispose();
  });
});
