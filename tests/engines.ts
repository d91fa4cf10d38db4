import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { onnx } from "@unroll/adapter-onnx";
import { tfjs } from "@unroll/adapter-tfjs";
import { builtin } from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as ortNode from "onnxruntime-node";
import * as ortWeb from "onnxruntime-web";
import { fast } from "../conformance/test/settings.js";

setWasmPaths(
  dirname(
    createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js"),
  ) + sep,
);
// Until one of its backends has started, the library can't count tensors.
await tf.setBackend("cpu");
ortWeb.env.wasm.numThreads = 1;

const { slow } = (await import(
  /* @vite-ignore */ new URL("../examples/custom-adapter/adapter.mjs", import.meta.url).href
)) as { slow: () => Adapter };

let sessions = 0;

/** ONNX Runtime with its sessions counted: each holds memory that no collector frees. */
function counted<
  T extends {
    readonly InferenceSession: {
      create(model: Uint8Array, options?: object): Promise<{ release(): Promise<void> }>;
    };
  },
>(ort: T): T {
  return {
    ...ort,
    InferenceSession: {
      async create(model: Uint8Array, options?: object) {
        const session = await ort.InferenceSession.create(model, options);
        const release = session.release.bind(session);
        sessions++;
        session.release = async () => {
          sessions--;
          await release();
        };
        return session;
      },
    },
  };
}
const [web, node] = [counted(ortWeb as never), counted(ortNode as never)];

/** How a test wants an engine: as it is, or with other composites than all. */
export interface EngineOptions {
  readonly composites?: readonly string[];
}

type Engines = Readonly<Record<string, (options?: EngineOptions) => Adapter>>;

const few: Engines = {
  builtin: (options) => builtin(options),
  "tfjs cpu": (options) => tfjs(tf, { backend: "cpu", ...options }),
};
const all: Engines = {
  ...few,
  "builtin loops": (options) => builtin({ simd: false, ...options }),
  "tfjs wasm": (options) => tfjs(tf, { backend: "wasm", ...options }),
  "onnxruntime-web": (options) => onnx(web, { device: "wasm", ...options }),
  "onnxruntime-node": (options) => onnx(node, { device: "cpu", ...options }),
};

/** Every engine that runs in Node, by a name for test titles; in the fast lane two. */
export const engines: Engines = fast ? few : all;

const allVariants: Engines = {
  ...all,
  "tfjs cpu composed": (options) => tfjs(tf, { backend: "cpu", hostKernels: false, ...options }),
  "tfjs wasm composed": (options) => tfjs(tf, { backend: "wasm", hostKernels: false, ...options }),
  "example of the documentation": slow,
};

/** The same, and forms that a user gets only by an option or on a device that is not here. */
export const variants: Engines = fast ? few : allVariants;

/** Live tensors of TensorFlow.js, over all its backends. */
export const liveTensors = (): number => tf.memory().numTensors;

/** Sessions of ONNX Runtime, web and Node, that are not released. */
export const liveSessions = (): number => sessions;
