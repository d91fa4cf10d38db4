// Models inside a real AudioWorklet, against Node: the character model, its weights from a safetensors file
// and its state a saved one, and amplifiers that play blocks of 128 samples. On SIMD, and on loops where the
// page's policy allows no WebAssembly.
//
//   npm run build && node tests/browser/worklet.mjs
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { withPage } from "./browser.mjs";

const root = new URL("../../", import.meta.url);
const bundled = await build({
  stdin: {
    contents: `
      export { charlmOf } from "./tests/charlm.ts";
      export { amplifierOf, toneOf } from "./tests/browser/amplifier.ts";
      export * from "@unroll/api";`,
    resolveDir: new URL(".", root).pathname,
  },
  bundle: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const code = Buffer.from(bundled.outputFiles[0].contents).toString("base64");
const { amplifierOf, charlmOf, builtin, compile, State, toneOf } = await import(
  `data:text/javascript;base64,${code}`
);
const bytes = (name) => new Uint8Array(readFileSync(new URL(`fixtures/models/charlm/${name}`, root)));
const given = charlmOf({
  weights: bytes("charlm.safetensors"),
  expected: bytes("expected.safetensors"),
  json: "{}",
});

/** The character model's step after a state that is not zero, saved as text: from another host, and here. */
async function step(page, simd) {
  const model = await compile(given.spec, { adapter: builtin({ simd }), weights: given.weights });
  const logits = new Float32Array(75);
  const state = model.zeroState(1);
  for (const id of [3, 14, 15]) model.stepInto(Int32Array.of(id), state, logits);
  const saved = JSON.stringify(state);
  const here = State.fromJSON(JSON.parse(saved));
  model.stepInto(Int32Array.of(9), here, logits);
  const answer = await page.evaluate(([text, id]) => globalThis.inWorklet(text, id), [saved, 9]);
  const same = answer.state === JSON.stringify(here);
  return {
    name: `step without ${answer.missing.join(", ") || "nothing"}`,
    ...answer,
    off: same ? largestDifference(logits, answer.logits ?? []) : NaN,
    more: "",
  };
}

/** Seconds of a tone through an amplifier, each block in place. */
async function play(page, simd, amplifier) {
  const [seconds, block] = [4, 128];
  const tone = toneOf(seconds * 48_000);
  const model = await amplifierOf(amplifier, builtin({ simd }));
  const [state, want] = [model.zeroState(1), new Float32Array(tone.length)];
  for (let at = 0; at < tone.length; at += block)
    model.sequenceInto(tone.subarray(at, at + block), state, want.subarray(at, at + block));
  const answer = await page.evaluate(
    ([one, samples]) => globalThis.played(one, samples),
    [amplifier, tone.length],
  );
  return {
    name: `${amplifier.kind} of ${amplifier.units} in blocks of ${block}`,
    ...answer,
    off: want.some((value) => Math.abs(value) > 0.01) ? largestDifference(want, answer.samples) : NaN,
    more: `, ${(answer.seconds / seconds).toFixed(3)} of the playing time`,
  };
}

/** NaN where a value is missing. */
const largestDifference = (want, got) =>
  want.reduce((most, value, k) => Math.max(most, Math.abs(value - (got[k] ?? NaN))), 0);

const scripts = { "/worklet.js": "worklet.processor.ts", "/amplifier.js": "amplifier.processor.ts" };
let good = true;
for (const [device, policy] of [
  ["wasm", "script-src 'self' 'wasm-unsafe-eval'"],
  ["cpu", "script-src 'self'"],
])
  await withPage(
    "worklet.page.ts",
    async (page) => {
      const simd = device === "wasm";
      for (const row of [
        await step(page, simd),
        await play(page, simd, { kind: "lstm", units: 16 }),
        await play(page, simd, { kind: "lstm", units: 40 }),
        await play(page, simd, { kind: "gru", units: 16 }),
      ]) {
        const passed = row.off === 0 && row.device === device;
        good &&= passed;
        const told = row.error ?? `off by ${row.off} on ${row.device}${row.more}`;
        console.log(`${passed ? "ok  " : "FAIL"} AudioWorklet, ${policy}: ${row.name}: ${told}`);
      }
    },
    { scripts, policy },
  );
process.exitCode = good ? 0 : 1;
