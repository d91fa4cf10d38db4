// Programs that run one step of an LSTM in a process of their own: ours on each engine, and engines by hand.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recurrentNode } from "./onnx-by-hand.mjs";

const ours = (adapter) => (I, H) => `
  const api = await import("@unroll/api");
  const { builtin, compile, input, lstmCell, recurrent, spec, specWeights, tensor } = api;
  const cell = lstmCell({ inputSize: ${I}, units: ${H} });
  const layers = [recurrent({ name: "lstm", input: "x", cell })];
  const page = spec({ name: "page", inputs: [input({ name: "x", shape: [${I}] })], layers });
  const weights = Object.fromEntries(specWeights(page).map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1);
    return [name, tensor(data, shape)];
  }));
  const model = await compile(page, { adapter: ${adapter}, weights });
  const { output } = await model.step(tensor(new Float32Array(${I}), [1, ${I}]), model.zeroState(1));
  if (output.data.length !== ${H}) throw new Error("no output");`;
const configured = (name) => ours(`await (await import("@unroll/api/config")).resolveAdapter("${name}")`);

const session = (library) => (I, H, file) => `
  const loaded = await import("${library}");
  const ort = loaded.InferenceSession ? loaded : loaded.default;
  if (ort.env.wasm) ort.env.wasm.numThreads = 1;
  const bytes = (await import("node:fs")).readFileSync(${JSON.stringify(file)});
  const one = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(bytes, one);
  const made = (size) => new ort.Tensor("float32", new Float32Array(size), [1, 1, size]);
  const { Y } = await session.run({ X: made(${I}), h0: made(${H}), c0: made(${H}) });
  if (Y.data.length !== ${H}) throw new Error("no output");`;

/** By engine and how it is driven. */
const programs = [
  ["node alone", "", () => ""],
  ["builtin", "import alone", () => 'await import("@unroll/api");'],
  ["builtin", "Unroll", ours("builtin()")],
  ["builtin loops", "Unroll", ours("builtin({ simd: false })")],
  ["onnxruntime-web", "by hand", session("onnxruntime-web")],
  ["onnxruntime-web", "Unroll", configured("onnx:wasm")],
  ["onnxruntime-node", "by hand", session("onnxruntime-node")],
  ["onnxruntime-node", "Unroll", configured("onnx:cpu")],
  ["tfjs wasm", "Unroll", configured("tfjs:wasm")],
  ["tfjs cpu", "Unroll", configured("tfjs:cpu")],
];

const measured = (program) => `
  const [start, before] = [performance.now(), process.cpuUsage()];
  const milliseconds = ({ user, system }) => (user + system) / 1000;
  ${program}
  const took = { wall: performance.now() - start, processor: milliseconds(process.cpuUsage(before)) };
  const whole = milliseconds(process.cpuUsage());
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  const told = JSON.stringify({ took, whole, memory: { rss, heapUsed, external } });
  process.stdout.write(told, () => process.exit(0));`;

/**
 * Runs each program of the engines asked for, in turns.
 *
 * @returns for each `{ engine, how, runs }`, a run being milliseconds from the first import to the output by
 *   both clocks, those of the whole process, and bytes that it holds then
 */
export function inFreshProcesses({ engines, runs, inputSize, units }) {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const file = join(folder, "lstm.onnx");
  writeFileSync(file, recurrentNode("LSTM", inputSize, units));
  const chosen = programs.filter(([engine]) => engine === "node alone" || engines.includes(engine));
  const results = chosen.map(([engine, how, program]) => ({
    engine,
    how,
    program: measured(program(inputSize, units, file)),
    runs: [],
  }));
  try {
    for (let n = 0; n < runs; n++)
      for (const { engine, how, program, runs } of results) {
        const started = performance.now();
        const { status, stdout, stderr } = spawnSync(
          process.execPath,
          ["--expose-gc", "--input-type=module", "-e", program],
          { cwd: fileURLToPath(new URL("../packages/cli", import.meta.url)), encoding: "utf8" },
        );
        if (status !== 0) throw new Error(`${engine} ${how}: ${stderr.slice(0, 800)}`);
        const { took, whole, memory } = JSON.parse(stdout);
        runs.push({ took, whole: { wall: performance.now() - started, processor: whole }, memory });
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return results.map(({ engine, how, runs }) => ({ engine, how, runs }));
}
