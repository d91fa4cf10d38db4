import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { fast } from "../conformance/test/settings.js";

const source = `
const model = spec({
  name: "audio", inputs: [input({ name: "x", shape: [8] })],
  layers: [
    recurrent({ name: "one", input: "x", cell: lstmCell({ inputSize: 8, units: 16 }) }),
    recurrent({ name: "two", input: "one", cell: gruCell({ inputSize: 16, units: 16 }) }),
    dense({ name: "out", input: "two", inputSize: 16, units: 8, activation: "tanh" }),
  ],
});
const weights = Object.fromEntries(specWeights(model).map(({ name, shape }) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return [name, tensor(Float32Array.from({ length }, (_, k) => Math.sin(k) * 0.5), shape)];
}));
const compiled = await compile(model, { adapter: builtin(), weights });
const state = compiled.zeroState(1);
const x = Float32Array.from({ length: 8 }, (_, k) => k / 8);
const out = new Float32Array(8);
// Calls the model as an audio thread would, and says how much the heap grew.
globalThis.steps = (count) => {
  for (let n = 0; n < count; n++) compiled.stepInto(x, state, out);
  return Array.from(out);
};
globalThis.once = async () => (await compiled.step([Array.from(x)], compiled.zeroState(1))).output.data;
globalThis.first = globalThis.steps(1);
globalThis.device = compiled.adapter.device;
const block = Float32Array.from({ length: 8 * 128 }, (_, k) => Math.sin(k));
const played = new Float32Array(8 * 128);
globalThis.blocks = (count) => {
  for (let n = 0; n < count; n++) compiled.sequenceInto(block, state, played);
};
try {
  builtin({ simd: true });
  globalThis.asked = "SIMD";
} catch (error) {
  globalThis.asked = error.code;
}
// A safetensors file and a saved state, made and read where there is no TextDecoder, atob, btoa or URL.
const file = writeSafetensors(weights, { note: "grüße" });
const { tensors, metadata } = readSafetensors(file);
const text = JSON.stringify(compiled.zeroState(1));
globalThis.moved = [
  ["TextDecoder", "TextEncoder", "atob", "btoa", "URL"].filter((name) => name in globalThis).join(),
  metadata.note,
  Object.entries(weights).every(([name, { data }]) => tensors[name].data.join() === data.join()),
  JSON.stringify(State.fromJSON(JSON.parse(text))) === text,
].join();
globalThis.ready = true;
`;

// The second is what a page sees whose content-security policy has no "wasm-unsafe-eval".
it.skipIf(fast).each([
  ["with WebAssembly", true],
  ["where that is forbidden", false],
])("runs in a bare global scope, as in an AudioWorklet, without allocating, %s", async (_name, wasm) => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const { outputFiles } = await build({
    stdin: {
      contents: `(async () => {${source}})().catch((e) => { globalThis.failed = e; });`,
      resolveDir: root,
      loader: "ts",
    },
    banner: {},
    bundle: false,
    write: false,
  });
  const bundle = await build({
    stdin: {
      contents: `
        import * as unroll from "./packages/api/src/index.ts";
        import * as files from "./packages/api/src/weights.ts";
        Object.assign(globalThis, unroll, files);`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
  });
  // Only the language itself: no process, no timers, no fetch, no document, no self.
  const scope = createContext({}, { codeGeneration: { strings: true, wasm } });
  runInContext(bundle.outputFiles[0]!.text, scope);
  runInContext(outputFiles[0]!.text, scope);
  for (let n = 0; n < 1000 && !runInContext("globalThis.ready || globalThis.failed", scope); n++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(runInContext("globalThis.failed && globalThis.failed.message", scope)).toBeUndefined();
  expect(runInContext("globalThis.device", scope)).toBe(wasm ? "wasm" : "cpu");
  expect(runInContext("globalThis.asked", scope)).toBe(wasm ? "SIMD" : "UNROLL_CONFIG");
  expect(runInContext("globalThis.moved", scope)).toBe(",grüße,true,true");
  expect(runInContext("globalThis.first", scope)).toEqual(
    Array.from((await runInContext("globalThis.once()", scope)) as Float32Array),
  );

  // What loops allocate is tested beside them.
  if (!wasm) return;
  setFlagsFromString("--expose-gc");
  const gc = runInContext("gc", createContext({})) as () => void;
  const heap = (): number => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  // Without a collection in between, so that garbage would show as well as what is kept. What else the
  // process does may fall into one window; what a call allocates falls into all.
  const grown = (call: (count: number) => void, window: number): number => {
    call(window / 2);
    const windows = Array.from({ length: 5 }, () => {
      heap();
      const before = process.memoryUsage().heapUsed;
      call(window);
      return process.memoryUsage().heapUsed - before;
    });
    return Math.min(...windows) / window;
  };
  expect(grown(runInContext("globalThis.steps", scope) as (count: number) => void, 20_000)).toBeLessThan(1);
  // A block is 128 steps of two cells: one number boxed at each of them is 2 kB a block.
  expect(grown(runInContext("globalThis.blocks", scope) as (count: number) => void, 2_000)).toBeLessThan(32);
});
