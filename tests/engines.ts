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

setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js")) + sep);
ortWeb.env.wasm.numThreads = 1;

/** Every engine that runs in Node, by a name for test titles. */
export const engines: Readonly<Record<string, () => Adapter>> = {
  builtin: () => builtin(),
  "tfjs cpu": () => tfjs(tf, { backend: "cpu" }),
  "tfjs wasm": () => tfjs(tf, { backend: "wasm" }),
  "onnxruntime-web": () => onnx(ortWeb, { device: "wasm" }),
  "onnxruntime-node": () => onnx(ortNode, { device: "cpu" }),
};

/** Live tensors of TensorFlow.js, over all its backends. */
export const liveTensors = (): number => tf.memory().numTensors;
