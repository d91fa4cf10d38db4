import type { KernelSource } from "../kernel-types.js";
import { Heaps, SimdMemory } from "./simd-memory.js";
import { kernelsBinary } from "./kernels-binary.js";
import { type Module, webAssembly } from "./web-assembly.js";

/** The module, compiled at once. Undefined where the host can't or may not. */
export function compiledKernels(): Module | undefined {
  const { Module, validate } = webAssembly() ?? {};
  if (!Module || !validate) return undefined;
  const digits = kernelsBinary;
  const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, k) =>
    parseInt(digits.slice(2 * k, 2 * k + 2), 16),
  );
  // False without SIMD.
  if (!validate(bytes)) return undefined;
  try {
    return new Module(bytes);
  } catch {
    // A page whose policy has no "wasm-unsafe-eval", or a Chrome before 115, which compiles no more than 4 kB
    // at once outside of workers: both are told by this alone.
    return undefined;
  }
}

let heaps: Heaps | null | undefined;

/** The heaps of the one module; null where the host has no such thing. Compiled when first asked for. */
export function heapsOfModule(): Heaps | null {
  if (heaps === undefined) {
    const module = compiledKernels();
    heaps = module ? new Heaps(module) : null;
  }
  return heaps;
}

/**
 * Kernels with SIMD, where the host has such a thing and memory for it.
 *
 * @param required whether a model that the host has no more memory for is refused; loops run it otherwise
 */
export function simdKernelSource(required = false): KernelSource | undefined {
  const heaps = heapsOfModule();
  return heaps?.any
    ? {
        device: "wasm",
        open(owner, weights) {
          const sizes = weights.map(({ byteLength }) => byteLength);
          return new SimdMemory(heaps, owner, sizes, required);
        },
      }
    : undefined;
}
