// From process start to the first output, in fresh processes, engines alternating: medians in milliseconds.
//
//   npm run build && node bench/startup.mjs [-- --runs 9]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { runs: { type: "string", default: "9" } } });
const model = (adapter) => `
  import { builtin, compile, input, lstmCell, recurrent, spec, specWeights, tensor } from "@unroll/api";
  const cell = lstmCell({ inputSize: 8, units: 32 });
  const layers = [recurrent({ name: "lstm", input: "x", cell })];
  const page = spec({ name: "page", inputs: [input({ name: "x", shape: [8] })], layers });
  const weights = Object.fromEntries(specWeights(page).map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1);
    return [name, tensor(data, shape)];
  }));
  const adapter = ${adapter};
  const model = await compile(page, { adapter, weights });
  const { output } = await model.step(tensor(new Float32Array(8), [1, 8]), model.zeroState(1));
  if (output.data.length !== 32) throw new Error("no output");
  process.exit(0);`;
const configured = (name) => model(`await (await import("@unroll/api/config")).resolveAdapter("${name}")`);
const programs = {
  "node alone": "process.exit(0);",
  "import of @unroll/api": 'await import("@unroll/api"); process.exit(0);',
  builtin: model("builtin()"),
  "onnxruntime-node": configured("onnx:cpu"),
  "onnxruntime-web wasm": configured("onnx:wasm"),
  "tfjs cpu": configured("tfjs:cpu"),
  "tfjs wasm": configured("tfjs:wasm"),
};

const times = new Map(Object.keys(programs).map((name) => [name, []]));
for (let n = 0; n < Number(values.runs); n++)
  for (const [name, program] of Object.entries(programs)) {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: fileURLToPath(new URL("../packages/cli", import.meta.url)),
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${name}: ${stderr.slice(0, 400)}`);
    times.get(name).push(performance.now() - started);
  }
for (const [name, own] of times) {
  const sorted = own.sort((a, b) => a - b);
  const [median, least] = [sorted[sorted.length >> 1], sorted[0]];
  console.log(`${name.padEnd(24)} median ${median.toFixed(0).padStart(5)} ms, least ${least.toFixed(0)} ms`);
}
