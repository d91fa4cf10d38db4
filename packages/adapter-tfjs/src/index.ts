/**
 * Runs models on TensorFlow.js, which the caller passes as a value.
 *
 * @module @unroll/adapter-tfjs
 */
import { type Adapter, chosenClaims, CONTRACT, knownOptions, primitiveNames } from "@unroll/api/adapter";
import { assertLibrary, startBackend, untilStarted } from "./backend.js";
import { TfjsExecutable } from "./executable.js";
import { LARGEST_HALF } from "./integers.js";
import type { Library, TensorFlow } from "./library.js";
import { claims } from "./nodes.js";
import { precisionOf } from "./precision.js";
import { registerHostKernel } from "./recurrent/host-kernel.js";
import { hostBackends } from "./recurrent/host-memory.js";

export type { TensorFlow } from "./library.js";

/** Options of {@link tfjs}. */
export interface TfjsOptions {
  /**
   * Backend of TensorFlow.js: `cpu`, `wasm`, `webgl`, `webgpu`, `tensorflow`, or one registered by you.
   * Default: the library's current one, or `cpu`.
   */
  readonly backend?: string;
  /**
   * Composites to run this adapter's own way: `"all"` (the default) or names. What is left out runs as its
   * decomposition, slower and with the same results within rounding; `[]` is for checking one against the
   * other.
   */
  readonly composites?: "all" | readonly string[];
  /**
   * On `cpu` and `wasm`, whose memory JavaScript can reach: run a whole recurrence as one kernel, registered
   * with the library as `UnrollRecurrence`. Default true; false composes it of the library's operations, as
   * on every other backend.
   */
  readonly hostKernels?: boolean;
}

/**
 * Runs models on TensorFlow.js. The library's current backend is left as it is, so adapters of several
 * backends and the caller's own use of the library do not meet.
 *
 * @param library the namespace of `@tensorflow/tfjs`, or of `@tensorflow/tfjs-core` with a backend imported
 *   beside it
 * @throws UNROLL_ARGUMENT for a composite it does not know; compiling throws UNROLL_CONFIG for a backend that
 *   is not registered
 */
export function tfjs(library: TensorFlow, options: TfjsOptions = {}): Adapter {
  assertLibrary(library);
  const { composites = "all", hostKernels = true, backend = library.getBackend() || "cpu" } = options;
  knownOptions("tfjs", options, ["backend", "composites", "hostKernels"]);
  const tf = library as unknown as Library;
  const chosen = chosenClaims("tfjs", claims, composites);
  const host = hostBackends.includes(backend);
  const precision = precisionOf(tf, backend);
  return {
    name: "tfjs",
    device: backend,
    ...(tf.version_core === undefined ? {} : { version: tf.version_core }),
    capabilities: {
      contract: CONTRACT,
      primitives: primitiveNames,
      composites: chosen,
      precision,
      ...(precision === "f16" && { largestInteger: LARGEST_HALF }),
      losesNaN: !host,
      // Of five, webgl compiles no shaders and webgpu gives zeros without an error (4.22).
      ...(!host && { mostAxes: 4 }),
      synchronous: false,
      memory: host ? "host" : "device",
    },
    start: () => startBackend(tf, backend),
    async compile(program, weights) {
      await startBackend(tf, backend);
      await untilStarted(tf);
      if (host && hostKernels) registerHostKernel(tf, backend);
      const device = { tf, backend, host, hostKernels: host && hostKernels, precision };
      return new TfjsExecutable(device, program, weights);
    },
  };
}
