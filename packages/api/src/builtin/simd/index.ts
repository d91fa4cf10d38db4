import type { OperationSet } from "../operation.js";
import { simdKernelSource } from "./simd-kernel-source.js";

/**
 * Kernels that compute four numbers at once, in WebAssembly; where the host has no such thing or no memory
 * for it, or a page's policy forbids it, the engine goes on with its loops. `device` of the adapter says
 * which it is: `wasm` or `cpu`. A model that there is no memory left for runs on loops, too, and its own
 * `device` says so.
 */
export const simdKernels: OperationSet = {
  get kernels() {
    return simdKernelSource();
  },
};

/** The same without loops: a model that there is no memory left for is refused. */
export const simdKernelsAlone: OperationSet = {
  get kernels() {
    return simdKernelSource(true);
  },
};
