import type { OperationSet } from "../operation.js";
import { simdKernelSource } from "./simd-kernel-source.js";

/**
 * Kernels that compute four numbers at once, in WebAssembly; where the host has no such thing, or a page's
 * policy forbids it, the engine goes on with its loops. `device` of the adapter says which it is: `wasm` or
 * `cpu`.
 */
export const simdKernels: OperationSet = {
  get kernels() {
    return simdKernelSource();
  },
};
