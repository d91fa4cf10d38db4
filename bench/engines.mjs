// The engines that race, each loaded when it is asked for: `adapter` is ours, the rest is the library itself.
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { builtin } from "@unroll/api";

/** One thread, as everyone's. */
const oneThread = { intraOpNumThreads: 1, interOpNumThreads: 1 };

const tfjs = (backend, prepare) => async () => {
  const tf = await import("@tensorflow/tfjs");
  await prepare?.();
  const { tfjs } = await import("@unroll/adapter-tfjs");
  return { adapter: tfjs(tf, { backend }), tf, backend };
};

/** By name, what loads an engine. */
export const loaders = {
  builtin: async () => ({ adapter: builtin({ simd: true }) }),
  "builtin loops": async () => ({ adapter: builtin({ simd: false }) }),
  "onnxruntime-web": async () => {
    const [ort, { onnx }] = [await import("onnxruntime-web"), await import("@unroll/adapter-onnx")];
    ort.env.wasm.numThreads = 1;
    return { adapter: onnx(ort, { device: "wasm" }), ort, options: {} };
  },
  "onnxruntime-node": async () => {
    const [loaded, { onnx }] = [await import("onnxruntime-node"), await import("@unroll/adapter-onnx")];
    const ort = loaded.InferenceSession ? loaded : loaded.default;
    return { adapter: onnx(ort, { device: "cpu", sessionOptions: oneThread }), ort, options: oneThread };
  },
  "tfjs wasm": tfjs("wasm", async () => {
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    const { resolve } = createRequire(import.meta.url);
    setWasmPaths(dirname(resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js")) + sep);
  }),
  "tfjs cpu": tfjs("cpu"),
  // No dependency of ours; see `optional`.
  "brain.js": async () => ({ brain: await import("brain.js") }),
};

/** Engines that race only where somebody has installed them. */
export const optional = ["brain.js"];

/**
 * Loads engines by name.
 *
 * @returns pairs of name and engine, and the names of those that are not installed
 */
export async function loadEngines(names) {
  const [engines, missing] = [[], []];
  for (const name of names) {
    const load = loaders[name];
    if (!load) throw new Error(`--engines: expected some of ${Object.keys(loaders).join(", ")}, got ${name}`);
    try {
      engines.push([name, await load()]);
    } catch (error) {
      if (!optional.includes(name) || error.code !== "ERR_MODULE_NOT_FOUND") throw error;
      missing.push(name);
    }
  }
  return { engines, missing };
}
