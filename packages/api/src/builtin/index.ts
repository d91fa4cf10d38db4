import type { Adapter } from "../contract/adapter.js";
import { chosenClaims, CONTRACT } from "../contract/capabilities.js";
import { knownOptions } from "../contract/known-options.js";
import { primitiveNames } from "../program/primitives.js";
import { BuiltinExecutable } from "./executable.js";
import { claims } from "./operations.js";
import { VERSION } from "../version.js";

/** Options of {@link builtin}. */
export interface BuiltinOptions {
  /**
   * Composites to run by fused kernels: `"all"` (the default) or names. What is left out runs as its
   * decomposition, slower and with the same results within rounding; `[]` is for checking one against the
   * other.
   */
  readonly composites?: "all" | readonly string[];
}

/**
 * The embedded engine: plain TypeScript, float32, no dependency. Runs anywhere, an AudioWorklet included;
 * `compileSync` gives an executable whose `runInto` neither waits nor, once warm, allocates.
 *
 * @throws UNROLL_ARGUMENT for a composite it has no kernel for
 */
export function builtin(options: BuiltinOptions = {}): Adapter {
  knownOptions("builtin", options, ["composites"]);
  const composites = chosenClaims("builtin", claims, options.composites);
  const claimed = new Set(Object.keys(composites));
  const compileSync: NonNullable<Adapter["compileSync"]> = (program, weights) =>
    new BuiltinExecutable(program, weights, claimed);
  return {
    name: "builtin",
    device: "cpu",
    version: VERSION,
    capabilities: {
      contract: CONTRACT,
      primitives: primitiveNames,
      composites,
      precision: "f32",
      synchronous: true,
      memory: "host",
    },
    compileSync,
    compile: async (program, weights) => compileSync(program, weights),
  };
}
