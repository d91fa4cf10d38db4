/** From configuration to an adapter value: `@unroll/api/config`, in Node. A page gets `page.ts`. */
import { readConfig } from "./file.js";
import { installed } from "./installed.js";
import { resolverIn } from "./resolve.js";

export const resolveAdapter = resolverIn({
  // Read when an adapter is asked for, not when this module is loaded.
  get env() {
    return process.env;
  },
  readConfig,
  installed,
});

export { readConfig };
export { choiceOf, type Choice, type Config, configKeys } from "./choice.js";
export { adapterNames, devicesOf, type AdapterName, type EngineMaker, type Engines } from "./engines.js";
export type { ResolveAdapter, ResolveContext, ResolveOptions } from "./resolve.js";
