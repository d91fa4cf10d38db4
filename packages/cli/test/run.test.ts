import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors } from "@unroll/api/weights";
import { readNpz, writeNpz } from "@unroll/formats";
import * as tf from "@tensorflow/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { packed, saved } from "../../formats/test/tfjs-artifacts.js";
import { root, unroll } from "./io.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-run-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const file = "fixtures/keras-saved/emb_lstm_gru.keras";
const { tensors } = readSafetensors(readFileSync(join(root, "fixtures/files/keras-saved.safetensors")));
const ids = tensors["emb_lstm_gru.input"]!;
const recorded = [...(tensors["emb_lstm_gru.output"]!.data as Float32Array)];

const at = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
};
const rows = (width: number): number[][] => {
  const flat = Array.from(ids.data as ArrayLike<number | bigint>, Number);
  return Array.from({ length: flat.length / width }, (_, k) => flat.slice(k * width, (k + 1) * width));
};

interface Printed {
  readonly outputs: readonly { readonly shape: number[]; readonly data: number[] }[];
}

function near(got: readonly number[]): void {
  expect(got.length).toBe(recorded.length);
  // Keras's float32 results, and ours, are both within 7e-7 of the truth.
  for (const [k, value] of got.entries()) expect(Math.abs(value - recorded[k]!)).toBeLessThan(2 * 7e-7);
}

describe("unroll run", () => {
  it("runs a model of Keras on inputs of NumPy and of JSON, as Keras did", async () => {
    const given = [
      at("named.npz", writeNpz({ input_layer: ids })),
      at("only.npz", writeNpz({ x: ids })),
      at("rows.json", JSON.stringify({ x: rows(ids.shape[1]!) })),
    ];
    for (const input of given) {
      const { code, out, err } = await unroll("run", file, "--input", input, "--json");
      expect([code, err]).toEqual([0, ""]);
      const { outputs, ...rest } = JSON.parse(out) as Printed;
      expect(rest).toMatchObject({ model: "emb_lstm_gru", adapter: "builtin" });
      near(outputs[0]!.data);
    }
  });

  it("prints the first numbers, writes all of them, and takes an engine", async () => {
    const input = at("rows.npz", writeNpz({ x: ids }));
    const output = join(folder, "out.npz");
    const argv = ["--input", input, "--output", output, "--adapter", "onnx", "--device", "cpu"];
    const { code, out, err } = await unroll("run", file, ...argv);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/output_0 +float32 +\[\d+, 3\] +0\.\d+ 0\.\d+ .* \.\.\.\n/);
    near([...((await readNpz(readFileSync(output)))["output_0"]!.data as Float32Array)]);
  });

  it("reads the shards that stand beside a model.json", async () => {
    const model = tf.sequential({ layers: [tf.layers.gru({ units: 2, inputShape: [3, 1] })] });
    const { json, shards } = packed(await saved(model), 50);
    for (const [name, bytes] of Object.entries(shards)) at(name, bytes);
    const x = [[[1], [2], [3]]];
    const argv = ["--input", at("x.json", JSON.stringify({ x })), "--json"];
    const { out } = await unroll("run", at("model.json", json), ...argv);
    const want = (model.predict(tf.tensor3d(x)) as tf.Tensor).dataSync();
    const got = (JSON.parse(out) as Printed).outputs[0]!.data;
    got.forEach((value, k) => {
      expect(Math.abs(value - want[k]!)).toBeLessThan(2 * 7e-7);
    });
    const vast = at("vast.json", JSON.stringify({ x: [[[1e40], [2], [3]]] }));
    const { code, err } = await unroll("run", join(folder, "model.json"), "--input", vast);
    expect([code, err]).toEqual([2, expect.stringContaining("numbers that float32 holds, got 1e+40")]);
  });

  it("says what it can't run", async () => {
    const json = (value: object): string => at("odd.json", JSON.stringify(value));
    const refusal = async (...argv: string[]): Promise<string> => {
      const { code, err } = await unroll("run", ...argv);
      expect(code).toBe(2);
      return err;
    };
    expect(await refusal(file, "--input", json({ x: [[0.5]] }))).toMatch(/whole numbers .*, got 0\.5/);
    expect(await refusal(file, "--input", json({ x: [[1], [1, 2]] }))).toMatch(/of equal lengths/);
    expect(await refusal(file, "--input", json({ x: [[3e9]] }))).toMatch(/whole numbers .*, got 3000000000/);
    // The embedding has fewer rows: the id comes to it as it was written.
    expect(await refusal(file, "--input", json({ x: [[1, 1, 1, 1, 1, 1, 2 ** 24 + 1]] }))).toMatch(
      /16777217/,
    );
    expect(await refusal(file, "--input", json({ x: "a" }))).toMatch(/nested lists of numbers, got string/);
    expect(await refusal(file, "--input", json({ x: [[1]], y: [[1]] }))).toMatch(
      /--input: expected values for input_layer, got x, y/,
    );
    expect(await refusal(file, "--input", json({}))).toMatch(/got none/);
    expect(await refusal(file, "--input", "README.md")).toMatch(/named \*\.npz or \*\.json/);
    expect(await refusal(file, "--input", json({ x: [[1]] }), "--output", "a.txt")).toMatch(/named \*\.npz/);
    expect(await refusal("fixtures/ports/torch/lstm.pt", "--input", json({ x: [[1]] }))).toMatch(
      /UNROLL_FORMAT keras file: expected config\.json/,
    );
    expect(await refusal(file)).toMatch(/required option '--input/);
  });
});
