// The character model inside a real AudioWorklet: weights from a safetensors file and a saved state, against
// Node.
//
//   npm run build && node tests/browser/worklet.mjs
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { withPage } from "./browser.mjs";

const root = new URL("../../", import.meta.url);
const bundled = await build({
  stdin: {
    contents: `export { charlmOf } from "./tests/charlm.ts"; export * from "@unroll/api";`,
    resolveDir: new URL(".", root).pathname,
  },
  bundle: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const code = Buffer.from(bundled.outputFiles[0].contents).toString("base64");
const { charlmOf, builtin, compile, State } = await import(`data:text/javascript;base64,${code}`);
const bytes = (name) => new Uint8Array(readFileSync(new URL(`fixtures/models/charlm/${name}`, root)));
const given = charlmOf({
  weights: bytes("charlm.safetensors"),
  expected: bytes("expected.safetensors"),
  json: "{}",
});
const model = await compile(given.spec, { adapter: builtin(), weights: given.weights });

// A state that is not zero, saved as text; the step after it is taken in both hosts.
const logits = new Float32Array(75);
const state = model.zeroState(1);
for (const id of [3, 14, 15]) model.stepInto(Int32Array.of(id), state, logits);
const saved = JSON.stringify(state);
const here = State.fromJSON(JSON.parse(saved));
model.stepInto(Int32Array.of(9), here, logits);

const answer = await withPage(
  "worklet.page.ts",
  (page) => page.evaluate(([text, id]) => globalThis.inWorklet(text, id), [saved, 9]),
  { scripts: { "/worklet.js": "worklet.processor.ts" } },
);
const off = Math.max(...logits.map((value, k) => Math.abs(value - (answer.logits?.[k] ?? NaN))));
const same = answer.state === JSON.stringify(here);
const good = off === 0 && same;
console.log(
  `${good ? "ok  " : "FAIL"} AudioWorklet without ${answer.missing.join(", ") || "nothing"}: ` +
    (answer.error ?? `step after a saved state off by ${off}, state ${same ? "the same" : "another"}`),
);
process.exitCode = good ? 0 : 1;
