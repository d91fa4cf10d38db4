// What the adapter adds to onnxruntime: one LSTM as a program of ours beside the same LSTM as one node driven
// by hand, in turns, in one process. Below the model, so that only this package is measured; bench/run.mjs
// measures the whole.
//
//   npm run build && node packages/adapter-onnx/bench/overhead.mjs [web|node] [rounds]
//
// Printed are medians in microseconds a call and the median of the ratios of neighbouring calls, which drift
// cancels in. "primitives" is the step with composites: [].
import { legalize } from "@unroll/api/adapter";
import { input, lower, lstmCell, recurrent, spec, specWeights, tensor } from "@unroll/api";
import { onnx } from "@unroll/adapter-onnx";
import { recurrentNode } from "../../../bench/onnx-by-hand.mjs";

const [library = "web", rounds = "60"] = process.argv.slice(2);
const ort = library === "web" ? await import("onnxruntime-web") : (await import("onnxruntime-node")).default;
if (library === "web") ort.env.wasm.numThreads = 1;
const device = library === "web" ? "wasm" : "cpu";
const sessionOptions = { intraOpNumThreads: 1 };
let seed = 1;
const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5) * 0.2;
const filled = (shape) =>
  tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random), shape);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** A call of ours: feeds from host memory, states from the device where they are fed back. */
async function ours(H, B, T, composites) {
  const of = spec({
    name: "lstm",
    inputs: [input({ name: "x", shape: [H] })],
    layers: [recurrent({ name: "a", input: "x", cell: lstmCell({ inputSize: H, units: H }) })],
  });
  const adapter = onnx(ort, { device, composites, sessionOptions });
  const program = legalize(lower(of, T ? { mode: "sequence", timeMajor: true } : { mode: "step" }), adapter);
  const executable = await adapter.compile(
    program,
    Object.fromEntries(specWeights(of).map(({ name, shape }) => [name, filled(shape)])),
  );
  const feeds = {
    x: filled(T ? [T, B, H] : [B, H]),
    "state.a.h": filled([B, H]),
    "state.a.c": filled([B, H]),
  };
  return async () => {
    const { a, ...state } = await executable.run(feeds);
    if (!T) Object.assign(feeds, state);
    await a.read();
  };
}

/** The same by hand, reading the output where it is. */
async function byHand(H, B, T) {
  const session = await ort.InferenceSession.create(recurrentNode("LSTM", H, H), {
    executionProviders: [device],
    ...sessionOptions,
  });
  const made = (shape) => new ort.Tensor("float32", filled(shape).data, shape);
  const x = made([T || 1, B, H]);
  let [h0, c0] = [made([1, B, H]), made([1, B, H])];
  return async () => {
    const { Y, hN, cN } = await session.run({ X: x, h0, c0 });
    if (!T) [h0, c0] = [hN, cN];
    void Y.data[0];
  };
}

async function race(names, runs, calls) {
  const times = runs.map(() => []);
  for (const run of runs) for (let n = 0; n < 5; n++) await run();
  for (let round = 0; round < Number(rounds); round++) {
    // Whoever comes second finds warmer memory: take turns at that too.
    const order = runs.map((_, k) => (k + round) % runs.length);
    for (const k of order) {
      const start = performance.now();
      for (let n = 0; n < calls; n++) await runs[k]();
      times[k].push(((performance.now() - start) * 1000) / calls);
    }
  }
  const ratio = (k) => median(times[k].map((t, n) => t / times[0][n])).toFixed(3);
  return names
    .map((name, k) => `${name} ${median(times[k]).toFixed(0)}${k ? ` (${ratio(k)}x)` : ""}`)
    .join("   ");
}

for (const B of [1, 32])
  for (const H of [64, 128, 256]) {
    const name = `onnxruntime-${library} B=${B} H=${H}`;
    const sequences = [await byHand(H, B, 100), await ours(H, B, 100, "all")];
    console.log(`${name} T=100:  ${await race(["by hand", "ours"], sequences, B === 1 ? 4 : 1)}`);
    const steps = [await byHand(H, B, 0), await ours(H, B, 0, "all"), await ours(H, B, 0, [])];
    console.log(`${name} step:   ${await race(["by hand", "ours", "primitives"], steps, 100)}`);
  }
