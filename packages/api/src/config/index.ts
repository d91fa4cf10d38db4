/** From configuration to an adapter value: `@unroll/api/config`, in Node. A page gets `page.ts`. */
import { readConfig } from "./file.js";
import { installed } from "./installed.js";
import { resolverIn } from "./resolve.js";

/**
 * The adapter that code, the environment or a configuration file chooses, in this order; the builtin one
 * where none does. Engines are those given, then those installed.
 *
 * @throws UNROLL_CONFIG for a choice that can't be met
 */
export const resolveAdapter = resolverIn({
  // Read when an adapter is asked for, not when this module is loaded.
  get env() {
    return process.env;
  },
  readConfig,
  installed,
});

export { type FoundConfig, readConfig } from "./file.js";
export { choiceOf, type Choice, type Config, configKeys } from "./choice.js";
export { adapterNames, devicesOf, type AdapterName, type EngineMaker, type Engines } from "./engines.js";
export type { ResolveAdapter, ResolveContext, ResolveOptions } from "./resolve.js";
