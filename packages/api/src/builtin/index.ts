import type { Adapter } from "../contract/adapter.js";
import { chosenClaims, type CompositeClaim } from "../contract/capabilities.js";
import { knownOptions } from "../contract/known-options.js";
import { builtinOf } from "./engine.js";
import { functionOperations } from "./function-operations.js";
import type { CompositeOperation } from "./operation.js";
import { primitiveOperations } from "./primitive-operations.js";
import { gruOperations, lstmOperations, simpleRnnOperations } from "./recurrent-operations.js";

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
  const sets = [functionOperations, lstmOperations, gruOperations, simpleRnnOperations];
  const all = Object.assign({}, ...sets.map((set) => set.composites)) as Record<string, CompositeOperation>;
  const claims = Object.fromEntries(
    Object.entries(all).map(([name, { claim }]): [string, CompositeClaim] => [name, claim]),
  );
  const chosen = Object.keys(chosenClaims("builtin", claims, options.composites));
  const composites = Object.fromEntries(chosen.map((name) => [name, all[name]!]));
  return builtinOf([primitiveOperations, { composites }]);
}
