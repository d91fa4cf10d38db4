/**
 * `@unroll/api/config` where there is no Node: the same names, but no files, no environment, and the engines
 * that the page gives. Nothing here may import a module of Node or an engine.
 */
import { unrollError } from "../contract/error.js";
import type { Config } from "./choice.js";
import { resolverIn } from "./resolve.js";

export const resolveAdapter = resolverIn({
  env: {},
  readConfig: async (folder) => (folder === undefined ? null : readConfig()),
  installed: async (name, device) => {
    const make = {
      onnx: `async (device) => onnx(await import("onnxruntime-web"), { device })`,
      tfjs: `async (device) => tfjs(await import("@tensorflow/tfjs"), { backend: device })`,
    }[name];
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `adapter "${name}"`,
      expected: `an engine "${name}" among those given`,
      got: "none",
      cure: `pass { engines: { ${name}: ${make} } }`,
      details: { adapter: name, device },
    });
  },
});

/** Node reads files; a page imports them and passes what they hold. @throws UNROLL_CONFIG */
export async function readConfig(): Promise<{ path: string; config: Config } | null> {
  throw unrollError({
    code: "UNROLL_CONFIG",
    place: "readConfig",
    expected: "Node",
    got: "a host without its file system",
    cure: "import the file and pass it to resolveAdapter",
  });
}

export { choiceOf, type Choice, type Config, configKeys } from "./choice.js";
export { adapterNames, devicesOf, type AdapterName, type EngineMaker, type Engines } from "./engines.js";
export type { ResolveAdapter, ResolveContext, ResolveOptions } from "./resolve.js";
