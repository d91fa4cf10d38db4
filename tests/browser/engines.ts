import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { onnx } from "@unroll/adapter-onnx";
import { tfjs } from "@unroll/adapter-tfjs";
import { builtin } from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import * as ort from "onnxruntime-web";

setWasmPaths("/node_modules/@tensorflow/tfjs-backend-wasm/dist/");
ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
ort.env.wasm.numThreads = 1;

// Phones hold WebGL textures in 16 bits; `?f16` makes TensorFlow.js do so here, for the whole page.
const f16 = (globalThis as unknown as { location: { search: string } }).location.search === "?f16";
if (f16) tf.env().set("WEBGL_FORCE_F16_TEXTURES", true);

/** Every engine of a browser, by name. Those on a GPU start only where the browser offers one. */
export const engines: Readonly<Record<string, () => Adapter>> = f16
  ? { "tfjs webgl f16": () => tfjs(tf, { backend: "webgl" }) }
  : {
      builtin: () => builtin({ simd: true }),
      "builtin loops": () => builtin({ simd: false }),
      "tfjs cpu": () => tfjs(tf, { backend: "cpu" }),
      "tfjs wasm": () => tfjs(tf, { backend: "wasm" }),
      "tfjs webgl": () => tfjs(tf, { backend: "webgl" }),
      "tfjs webgpu": () => tfjs(tf, { backend: "webgpu" }),
      "onnxruntime-web wasm": () => onnx(ort, { device: "wasm" }),
      "onnxruntime-web webgpu": () => onnx(ort, { device: "webgpu" }),
    };
