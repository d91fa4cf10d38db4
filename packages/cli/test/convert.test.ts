import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { root, unroll } from "./io.js";

const charlm = "fixtures/models/charlm";
const folder = mkdtempSync(join(tmpdir(), "unroll-convert-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Value {
  readonly name: string;
  readonly shape: readonly (string | number)[];
}

describe("unroll convert", () => {
  it("writes a step that ONNX Runtime alone goes on with, as recorded", async () => {
    const out = join(folder, "step.onnx");
    const { code, out: said } = await unroll("convert", charlm, out, "--mode", "step", "--json");
    expect(code).toBe(0);
    const { inputs, outputs, states, file, bytes } = JSON.parse(said) as {
      inputs: Value[];
      outputs: Value[];
      states: { input: string; output: string }[];
      file: string;
      bytes: number;
    };
    expect(file).toBe(out);
    expect(readFileSync(out).length).toBe(bytes);
    const recorded = JSON.parse(readFileSync(join(root, charlm, "charlm.json"), "utf8")) as {
      vocab: string[];
      prompt: string;
      greedy_continuation: string;
    };
    expect(readFileSync(out, "latin1")).toContain("unroll.vocabulary");
    const session = await ort.InferenceSession.create(out);
    let feeds = Object.fromEntries(
      inputs.slice(1).map(({ name, shape }) => {
        const units = shape[1] as number;
        return [name, new ort.Tensor("float32", new Float32Array(units), [1, units])];
      }),
    ) as Record<string, ort.Tensor>;
    const fed = async (id: number): Promise<number> => {
      const ids = new ort.Tensor("int32", Int32Array.of(id), [1]);
      const results = await session.run({ ...feeds, [inputs[0]!.name]: ids });
      feeds = Object.fromEntries(states.map(({ input, output }) => [input, results[output]!]));
      const logits = results[outputs[0]!.name]!.data as Float32Array;
      return logits.indexOf(Math.max(...logits));
    };
    let next = 0;
    for (const character of recorded.prompt) next = await fed(recorded.vocab.indexOf(character));
    let text = "";
    while (text.length < 40) {
      text += recorded.vocab[next]!;
      next = await fed(next);
    }
    expect(text).toBe(recorded.greedy_continuation.slice(0, 40));
    await session.release();
  });

  it("prints what the file is fed and puts out", async () => {
    const out = join(folder, "whole.onnx");
    const { code, out: said } = await unroll("convert", charlm, out, "--states", "zeros", "--lengths");
    expect(code).toBe(0);
    expect(said).toMatch(/input +ids +int32 +\[batch, time\]/);
    expect(said).toMatch(/input +lengths +int32 +\[batch\]/);
    expect(said).not.toContain("state.");
  });

  it.each([
    [["model.txt"], /UNROLL_ARGUMENT <out>: expected a file named \*\.onnx, got "model\.txt"/],
    [["model.onnx", "--mode", "steps"], /--mode: expected sequence or step, got "steps"/],
    [["model.onnx", "--states", "none"], /--states: expected inputs or zeros, got "none"/],
    [["model.onnx", "--mode", "step", "--lengths"], /--lengths: expected it with --mode sequence/],
    [["model.onnx", "--mode", "step", "--states", "zeros"], /--states: expected inputs for --mode step/],
    [["nowhere/model.onnx"], /<out>: expected a file that can be written/],
  ])("refuses %j, and writes nothing", async ([out, ...options], message) => {
    const file = join(folder, out!);
    const { code, err } = await unroll("convert", charlm, file, ...options);
    expect(code).toBe(2);
    expect(err.replaceAll(`${folder}/`, "")).toMatch(message);
    expect(existsSync(file)).toBe(false);
  });
});
