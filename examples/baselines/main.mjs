// How well models of characters predict a text, from one without memory to an LSTM: node
// examples/baselines/main.mjs "Call me Ishmael." The engine comes from unroll.config.* or UNROLL_ADAPTER.
import { readFile } from "node:fs/promises";
import { resolveAdapter } from "@unroll/api/config";
import { baselines, score } from "./baselines.mjs";

const folder = new URL("../../fixtures/models/", import.meta.url);
const [adapter, small, large, charlm] = await Promise.all([
  resolveAdapter(),
  readFile(new URL("baselines/baselines.safetensors", folder)),
  readFile(new URL("charlm/charlm.safetensors", folder)),
  readFile(new URL("charlm/charlm.json", folder), "utf8").then(JSON.parse),
]);
const text = process.argv[2] ?? charlm.passage;
const ids = Array.from(text, (character) => Math.max(0, charlm.vocab.indexOf(character)));

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const line = (...cells) =>
  console.log(cells.map((cell, k) => (k < 2 ? String(cell).padEnd(22) : String(cell).padStart(16))).join(""));
line("model", "remembers", "numbers", "nats/character", "perplexity");
for (const model of baselines({ baselines: small, charlm: large })) {
  const nats = -mean(await score(model, ids, adapter));
  line(model.name, model.memory, model.parameters, nats.toFixed(3), Math.exp(nats).toFixed(2));
}
