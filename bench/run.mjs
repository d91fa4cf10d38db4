// Speed of one LSTM, ours on each engine beside the same engine driven by hand, in one process, alternating.
//
//   npm run build && npm run bench [-- --units 64,128,256 --batch 1,32 --engines
//   builtin,builtin-loops,onnx-web,onnx-node,tfjs-cpu,tfjs-wasm --seconds 1 --clock wall]
//
// Every contestant takes turns, a few calls at a time, until each has had its share of seconds; printed are
// medians in microseconds per step, and the ratio to the engine driven by hand. Reading the output is part of
// every call. `--clock processor` counts what the process's threads computed, for machines that others use.
import { dirname, sep } from "node:path";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { builtin, compile, input, lstmCell, recurrent, spec, specWeights, tensor } from "@unroll/api";
import { onnxLstm } from "./onnx-lstm-node.mjs";

const { values: args } = parseArgs({
  options: {
    units: { type: "string", default: "64,128,256" },
    batch: { type: "string", default: "1,32" },
    time: { type: "string", default: "100" },
    engines: { type: "string", default: "builtin,builtin-loops,onnx-web,onnx-node,tfjs-cpu,tfjs-wasm" },
    seconds: { type: "string", default: "1" },
    clock: { type: "string", default: "wall" },
  },
});
const T = Number(args.time);
let seed = 1;
const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5) * 0.2;
const filled = (size) => Float32Array.from({ length: size }, random);

// Only what is asked for is loaded.
const onnx = async (...given) => (await import("@unroll/adapter-onnx")).onnx(...given);
const tfjs = async (...given) => (await import("@unroll/adapter-tfjs")).tfjs(...given);

const loaders = {
  builtin: async () => ({ adapter: builtin({ simd: true }) }),
  "builtin-loops": async () => ({ adapter: builtin({ simd: false }) }),
  "onnx-web": async () => {
    const ort = await import("onnxruntime-web");
    ort.env.wasm.numThreads = 1;
    return { adapter: await onnx(ort, { device: "wasm" }), ort };
  },
  "onnx-node": async () => {
    const loaded = await import("onnxruntime-node");
    const ort = loaded.InferenceSession ? loaded : loaded.default;
    return {
      adapter: await onnx(ort, { device: "cpu", sessionOptions: { intraOpNumThreads: 1 } }),
      ort,
      options: { intraOpNumThreads: 1 },
    };
  },
  "tfjs-cpu": async () => {
    const tf = await import("@tensorflow/tfjs");
    return { adapter: await tfjs(tf, { backend: "cpu" }), tf, backend: "cpu" };
  },
  "tfjs-wasm": async () => {
    const tf = await import("@tensorflow/tfjs");
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(
      dirname(
        createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js"),
      ) + sep,
    );
    return { adapter: await tfjs(tf, { backend: "wasm" }), tf, backend: "wasm" };
  },
};

/** Contestants of one engine: name, and functions that run a step or a sequence. */
async function contestants(engine, { adapter, ort, options, tf, backend }, H, B) {
  const one = spec({
    name: "lstm",
    inputs: [input({ name: "x", shape: [H] })],
    layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: H, units: H }) })],
  });
  const weights = Object.fromEntries(
    specWeights(one).map((w) => [w.name, tensor(filled(w.shape.reduce((a, b) => a * b, 1)), w.shape)]),
  );
  // The axes of the contestant driven by hand: time first for ONNX, batch first for TensorFlow.js.
  const model = await compile(one, { adapter, weights, timeMajor: ort !== undefined });
  const frame = tensor(filled(B * H), [B, H]);
  const sequence = tensor(filled(B * T * H), ort ? [T, B, H] : [B, T, H]);
  let state = model.zeroState(B);
  const list = [
    {
      name: `${engine} unroll`,
      step: async () => {
        ({ state } = await model.step(frame, state));
      },
      sequence: async () => {
        await model.sequence(sequence);
      },
    },
  ];
  if (adapter.compileSync) {
    const own = model.zeroState(B);
    const out = new Float32Array(B * H);
    const played = new Float32Array(B * T * H);
    list.push({
      name: `${engine} unroll in place`,
      step: async () => model.stepInto(frame.data, own, out),
      sequence: async () => model.sequenceInto(sequence.data, own, played),
    });
  }
  if (ort) {
    const session = await ort.InferenceSession.create(onnxLstm(H, H, random), options);
    const make = (data, dims) => new ort.Tensor("float32", data, dims);
    let [h0, c0] = [make(new Float32Array(B * H), [1, B, H]), make(new Float32Array(B * H), [1, B, H])];
    const x = make(frame.data, [1, B, H]);
    const xs = make(sequence.data, [T, B, H]);
    list.unshift({
      name: `${engine} session.run by hand`,
      byHand: true,
      step: async () => {
        const { Y, hN, cN } = await session.run({ X: x, h0, c0 });
        h0 = hN;
        c0 = cN;
        void Y.data[0];
      },
      sequence: async () => {
        const { Y } = await session.run({ X: xs, h0, c0 });
        void Y.data[0];
      },
    });
  }
  if (tf) {
    await tf.setBackend(backend);
    // The default initialiser alone takes minutes at these sizes.
    const initial = {
      kernelInitializer: "glorotUniform",
      recurrentInitializer: "glorotUniform",
      recurrentActivation: "sigmoid",
    };
    const layer = tf.layers.lstm({ units: H, returnSequences: true, inputShape: [T, H], ...initial });
    const stateful = tf.layers.lstm({ units: H, stateful: true, batchInputShape: [B, 1, H], ...initial });
    const [whole, single] = [tf.sequential({ layers: [layer] }), tf.sequential({ layers: [stateful] })];
    const [kernel, bias, forget] = [
      tf.tensor2d(filled(8 * H * H), [2 * H, 4 * H]),
      tf.tensor1d(filled(4 * H)),
      tf.scalar(1),
    ];
    const [x, xs, x1] = [
      tf.tensor2d(frame.data, [B, H]),
      tf.tensor3d(sequence.data, [B, T, H]),
      tf.tensor3d(frame.data, [B, 1, H]),
    ];
    let [c, h] = [tf.zeros([B, H]), tf.zeros([B, H])];
    const on = (run) => async () => {
      if (tf.getBackend() !== backend) await tf.setBackend(backend);
      run();
    };
    list.unshift(
      {
        name: `${engine} tf.layers.lstm`,
        byHand: true,
        step: on(() => {
          const y = single.predict(x1);
          y.dataSync();
          y.dispose();
        }),
        sequence: on(() => {
          const y = whole.predict(xs, { batchSize: B });
          y.dataSync();
          y.dispose();
        }),
      },
      {
        name: `${engine} tf.basicLSTMCell`,
        byHand: true,
        step: on(() => {
          const [nextC, nextH] = tf.tidy(() => tf.basicLSTMCell(forget, kernel, bias, x, c, h));
          c.dispose();
          h.dispose();
          [c, h] = [nextC, nextH];
          h.dataSync();
        }),
      },
    );
  }
  return list;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const clocks = {
  wall: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
const now = clocks[args.clock];
if (!now) throw new Error(`--clock: expected ${Object.keys(clocks).join(" or ")}, got ${args.clock}`);

/** Times runs in turns and returns the median of each, in microseconds. */
async function race(runs, seconds) {
  const times = runs.map(() => []);
  const spent = runs.map(() => 0);
  // Until what is called often is compiled.
  for (const run of runs) {
    const start = now();
    do await run();
    while (now() - start < 300);
  }
  const calls = [];
  for (const run of runs) {
    const t = now();
    await run();
    calls.push(Math.max(1, Math.min(200, Math.floor(10 / (now() - t)))));
  }
  while (
    spent.some((s, k) => s < seconds * 1000 && times[k].length < 300) ||
    times.some((t) => t.length < 5)
  ) {
    for (let k = 0; k < runs.length; k++) {
      if (spent[k] >= seconds * 1000 && times[k].length >= 5) continue;
      const start = now();
      for (let n = 0; n < calls[k]; n++) await runs[k]();
      const took = now() - start;
      spent[k] += took;
      times[k].push((took * 1000) / calls[k]);
    }
  }
  return times.map(median);
}

const engines = [];
for (const name of args.engines.split(",")) engines.push([name, await loaders[name]()]);
console.log(
  `LSTM, input size = units, T = ${T} for sequences; microseconds per step, median; ` +
    "ratio to the same engine by hand (below 1 is faster)",
);
for (const B of args.batch.split(",").map(Number))
  for (const H of args.units.split(",").map(Number)) {
    const list = [];
    for (const [name, loaded] of engines) list.push(...(await contestants(name, loaded, H, B)));
    for (const mode of ["step", "sequence"]) {
      const taking = list.filter((c) => c[mode]);
      const medians = await race(
        taking.map((c) => c[mode]),
        Number(args.seconds),
      );
      console.log(`\n${mode}, batch ${B}, units ${H}`);
      taking.forEach((c, k) => {
        const per = medians[k] / (mode === "sequence" ? T : 1);
        const engine = c.name.split(" ")[0];
        const ratios = taking.flatMap((o, j) =>
          o.byHand && o.name.startsWith(`${engine} `) && !c.byHand
            ? [`${(medians[k] / medians[j]).toFixed(2)}x ${o.name.slice(engine.length + 1)}`]
            : [],
        );
        console.log(`  ${c.name.padEnd(34)} ${per.toFixed(1).padStart(10)}  ${ratios.join(", ")}`);
      });
    }
  }
