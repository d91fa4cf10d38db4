// What each host runs, as the files of a project that has installed the packages.
import { readFileSync } from "node:fs";

const fixture = new URL("../fixtures/models/charlm/", import.meta.url);

/**
 * What a host prints when 40 characters, whole and by steps, have PyTorch's recorded log-likelihoods within
 * 1e-4.
 */
export const expectedLine = "same as recorded";

// The model as text, so that a page needs no server.
const model = `
async function main(bytes, expected, unroll, weightsOf, config, choice = "builtin", context = {}) {
  const { compile, dense, embedding, input, lstmCell, recurrent, spec, tensor } = unroll;
  const { fromTorch, readSafetensors } = weightsOf;
  const cell = (inputSize) => lstmCell({ inputSize, units: 128, bias: "split" });
  const model = spec({
    name: "charlm",
    inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
    layers: [
      embedding({ name: "embedding", input: "ids", inputSize: 75, outputSize: 48 }),
      recurrent({ name: "lstm_l0", input: "embedding", cell: cell(48) }),
      recurrent({ name: "lstm_l1", input: "lstm_l0", cell: cell(128) }),
      dense({ name: "fc", input: "lstm_l1", inputSize: 128, units: 75 }),
    ],
  });
  const { weights } = fromTorch(model, readSafetensors(bytes).tensors);
  const recorded = readSafetensors(expected).tensors;
  const passage = Int32Array.from(recorded.passage_ids.data, Number);
  const loglik = recorded["f64.loglik"].data;
  const logp = (logits, at, next) => {
    const own = Array.from(logits.slice(at * 75, at * 75 + 75));
    const top = Math.max(...own);
    return own[next] - top - Math.log(own.reduce((sum, value) => sum + Math.exp(value - top), 0));
  };
  const adapter = await config.resolveAdapter(choice, context);
  const compiled = await compile(model, { adapter, weights });
  const whole = await compiled.sequence(tensor(passage.subarray(0, 40), [1, 40], "int32"));
  let state = compiled.zeroState(1);
  let worst = 0;
  for (let t = 0; t < 40; t++) {
    const one = await compiled.step(tensor([passage[t]], [1], "int32"), state);
    state = one.state;
    const next = passage[t + 1];
    for (const value of [logp(one.output.data, 0, next), logp(whole.output.data, t, next)])
      worst = Math.max(worst, Math.abs(value - loglik[t]));
  }
  return worst < 1e-4 ? "same as recorded" : "off by " + worst;
}`;

const text = (name) => JSON.stringify(readFileSync(new URL(name, fixture)).toString("base64"));
const esm = `
import * as unroll from "@unroll/api";
import * as weightsOf from "@unroll/api/weights";
import * as config from "@unroll/api/config";
${model}`;
const read = `
const bytes = readFileSync("charlm/charlm.safetensors");
const expected = readFileSync("charlm/expected.safetensors");`;
const byFile = `
  const engine = await config.resolveAdapter({ cwd: "configured", env: {} });
  if (engine.name !== "onnx" || engine.device !== "cpu") throw new Error("the file names onnx:cpu");
  console.log(await main(bytes, expected, unroll, weightsOf, { resolveAdapter: async () => engine }));`;

/** Files by name. */
export const consumer = {
  "package.json": '{ "private": true }',
  "plain.mjs": `import { readFileSync } from "node:fs";${esm}${read}
console.log(await main(bytes, expected, unroll, weightsOf, config));`,
  "node.mjs": `import { readFileSync, mkdirSync, writeFileSync } from "node:fs";${esm}${read}
const first = await main(bytes, expected, unroll, weightsOf, config);
if (first !== "same as recorded") throw new Error("builtin: " + first);
mkdirSync("configured", { recursive: true });
writeFileSync("configured/unroll.config.json", '{ "adapter": "onnx:cpu" }');
${byFile}`,
  "node.cjs": `const { readFileSync } = require("node:fs");
const unroll = require("@unroll/api"), weightsOf = require("@unroll/api/weights");
const config = require("@unroll/api/config");
${model}${read}
(async () => {
  const first = await main(bytes, expected, unroll, weightsOf, config);
  if (first !== "same as recorded") throw new Error("builtin: " + first);
${byFile}
})().catch((error) => { console.error(error); process.exitCode = 1; });`,
  // For hosts without files: a configuration, and the engines that it may choose, by name.
  "check.mjs": `${esm}
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const bytes = bytesOf(${text("charlm.safetensors")}), expected = bytesOf(${text("expected.safetensors")});
export const check = (choice, engines = {}) =>
  main(bytes, expected, unroll, weightsOf, config, choice, { engines });`,
  "page.mjs": `import { check } from "./check.mjs";
globalThis.main = check;
if (globalThis.process?.argv) check().then((line) => console.log(line));`,
};

/** A consumer of every entry's types, in both module formats. */
const entries = ["", "/core", "/cells", "/keras", "/torch", "/weights", "/config", "/adapter"];
const uses = entries.map((entry, k) => `import * as n${k} from "@unroll/api${entry}";`).join("\n");
const names = entries.map((_, k) => `n${k}`).join(", ");
const source = `${uses}
import { resolveAdapter } from "@unroll/api/config";
export const all: object[] = [${names}];
export const adapter = resolveAdapter("onnx:wasm", { engines: { onnx: async () => n0.builtin() } });
`;
export const typed = { "typed.mts": source, "typed.cts": source };
