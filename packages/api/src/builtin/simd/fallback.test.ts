import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Runs in processes without something that SIMD needs, and prints what the engine does there.
const script = `
import { builtin, compile, input, lstmCell } from "./packages/api/src/index.ts";
import { recurrent, spec, specWeights, tensor } from "./packages/api/src/index.ts";
const modelOf = (units) => spec({
  name: "small", inputs: [input({ name: "x", shape: [4] })],
  layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 4, units }) })],
});
const compiled = (units, adapter) => {
  const model = modelOf(units);
  const weights = Object.fromEntries(specWeights(model).map(({ name, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return [name, tensor(Float32Array.from({ length }, (_, k) => Math.sin(k) / 4), shape)];
  }));
  return compile(model, { adapter, weights });
};
const codeOf = async (call) => {
  try { await call(); return "none"; } catch (error) { return error.code ?? error.stack; }
};
/** Whether a model gives the bits of loops: a step, a long sequence, and a step after it. */
const asLoops = async (units, adapter, steps) => {
  const results = await Promise.all([adapter, builtin({ simd: false })].map(async (one) => {
    const model = await compiled(units, one);
    const [state, out, after] = [model.zeroState(1), new Float32Array(units), new Float32Array(units)];
    model.stepInto(Float32Array.of(1, -2, 3, -4), state, out);
    const first = model.device;
    const long = Float32Array.from({ length: 4 * steps }, (_, k) => Math.sin(k));
    const { output } = await model.sequence(tensor(long, [1, steps, 4]), { state });
    model.stepInto(Float32Array.of(4, 3, -2, -1), state, after);
    return { step: [...out, ...after].join(), sequence: output.data.join(), length: output.data.length,
      device: [first, model.device].join() };
  }));
  return { step: results[0].step === results[1].step, sequence: results[0].sequence === results[1].sequence,
    length: results[0].length, devices: results.map(({ device }) => device) };
};
const adapter = builtin();
const answer = {
  device: adapter.device,
  required: await codeOf(() => builtin({ simd: true })),
  small: await asLoops(16, adapter, adapter.device === "wasm" ? LONG : 100),
};
if (adapter.device === "wasm") {
  answer.large = await asLoops(300, adapter, 10);
  answer.largeRequired = await codeOf(() => compiled(300, builtin({ simd: true })));
  const model = await compiled(16, builtin({ simd: true }));
  answer.longRequired = await codeOf(() => model.sequence(tensor(new Float32Array(4 * LONG), [1, LONG, 4])));
  const [before, again] = [new Float32Array(16), new Float32Array(16)];
  model.stepInto(Float32Array.of(1, 2, 3, 4), model.zeroState(1), before);
  model.stepInto(Float32Array.of(1, 2, 3, 4), model.zeroState(1), again);
  answer.afterwards = before.join() === again.join();
}
console.log(JSON.stringify(answer));
`;

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fallback-"));
const file = join(folder, "fallback.mjs");
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: `const LONG = 20_000;${script}`, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  writeFileSync(file, outputFiles[0]!.text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const answerOf = (command: string, ...given: readonly string[]): unknown =>
  JSON.parse(execFileSync(command, given, { encoding: "utf8", stdio: "pipe" }));

const same = { step: true, sequence: true };
const onLoops = {
  device: "cpu",
  required: "UNROLL_CONFIG",
  small: { ...same, length: 16 * 100, devices: ["cpu,cpu", "cpu,cpu"] },
};

describe("an engine without SIMD runs on loops, and says so", () => {
  it("without WebAssembly", () => {
    expect(answerOf(process.execPath, "--jitless", file)).toEqual(onLoops);
  });

  it.skipIf(process.arch !== "x64")("on a processor that has none", () => {
    expect(answerOf(process.execPath, "--no-enable-ssse3", file)).toEqual(onLoops);
  });

  it("without memory for a first model", () => {
    expect(answerOf(process.execPath, "--wasm-max-mem-pages=8", file)).toEqual(onLoops);
  });

  // A memory takes several GiB of addresses, most of which are never used.
  it.skipIf(process.platform !== "linux")("without addresses for a first model", () => {
    const limited = 'ulimit -v 6000000 && exec "$0" "$1"';
    expect(answerOf("sh", "-c", limited, process.execPath, file)).toEqual(onLoops);
  });
});

it("a model that there is no memory left for runs on loops, and is refused where SIMD is required", () => {
  // The first heap is of 17 pages.
  const answer = answerOf(process.execPath, "--wasm-max-mem-pages=20", file);
  expect(answer).toMatchObject({
    device: "wasm",
    required: "none",
    // It starts with SIMD, and moves to loops with its sequence, from the same state within rounding.
    small: { length: 16 * 20_000, devices: ["wasm,cpu", "cpu,cpu"] },
    large: { ...same, length: 300 * 10, devices: ["cpu,cpu", "cpu,cpu"] },
    largeRequired: "UNROLL_ENGINE",
    longRequired: "UNROLL_ENGINE",
    afterwards: true,
  });
});
