// Listens to two seconds of noise with a tone in it, fifty milliseconds at a time:
// node examples/detector/main.mjs [hertz]. The engine comes from unroll.config.* or UNROLL_ADAPTER.
import { readFile } from "node:fs/promises";
import { resolveAdapter } from "@unroll/api/config";
import { FRAME, loadDetector } from "./detector.mjs";

const RATE = 1600;
const hertz = Number(process.argv[2] ?? 240);
const file = new URL("../../fixtures/models/detector/detector.safetensors", import.meta.url);
const detector = await loadDetector({ adapter: await resolveAdapter(), file: await readFile(file) });

// The same noise at each run.
let seed = 1;
const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const noise = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const on = (t) => t >= 0.6 && t < 1.2;
const sample = (k) => noise() + (on(k / RATE) ? 0.9 * Math.sin((2 * Math.PI * hertz * k) / RATE) : 0);

console.log(`a tone of ${hertz} Hz from 0.60 s to 1.20 s; each sign is ${(1000 * FRAME) / RATE} ms`);
const listen = detector.listen();
const piece = 5 * FRAME;
for (let from = 0, line = ""; from < 2 * RATE; from += piece) {
  const frames = await listen(Array.from({ length: piece }, (_, k) => sample(from + k)));
  line += Array.from(frames, (likely) => " .:-=+*#%@"[Math.min(9, Math.floor(10 * likely))]).join("");
  if (line.length < 50) continue;
  console.log(`${((from + piece) / RATE - 0.5).toFixed(2)} s  ${line}`);
  line = "";
}
detector.dispose();
