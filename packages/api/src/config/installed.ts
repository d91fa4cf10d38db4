import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";

// The adapters are built against this package, so it can't be built against their types.
type Factory = (library: object, options: Readonly<Record<string, string>>) => Adapter;

/** Whether an import failed for want of this very package, rather than inside it. */
function isNotFound(cause: unknown, name: string): boolean {
  const { code, message = "" } = (cause ?? {}) as { code?: string; message?: string };
  return (
    (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || message.startsWith("Cannot find")) &&
    message.includes(name)
  );
}

/** Imports by a name that no bundler reads: what is installed is known when the program runs. */
const byName = (specifier: string): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* @vite-ignore */ specifier);

/** What requires as a file in `folder` would. */
const requireIn = (folder: string): NodeJS.Require => createRequire(join(folder, "unroll.config.json"));

/** Where the project in `folder` has a package, or undefined. */
function pathIn(folder: string, name: string): string | undefined {
  try {
    return requireIn(folder).resolve(name);
  } catch {
    return undefined;
  }
}

/** Imports packages that the project may have. */
class Packages {
  constructor(
    private readonly adapter: string,
    private readonly folder: string,
  ) {}

  /**
   * A package as this one finds it, or as the project does, whose packages this one need not see.
   *
   * @throws UNROLL_CONFIG saying what to install
   */
  async load<T extends object>(name: string, also: readonly string[] = []): Promise<T> {
    try {
      return (await byName(name)) as T;
    } catch (cause) {
      if (!isNotFound(cause, name)) throw cause;
      if (pathIn(this.folder, name) !== undefined) return requireIn(this.folder)(name) as T;
      throw unrollError({
        code: "UNROLL_CONFIG",
        place: `adapter "${this.adapter}"`,
        expected: `package ${name}`,
        got: "none installed",
        cure: `npm install ${[name, ...also].join(" ")}`,
        details: { adapter: this.adapter, package: name },
        cause,
      });
    }
  }

  /** A file of a package, by path. */
  file(specifier: string): string {
    return pathIn(dirname(fileURLToPath(import.meta.url)), specifier) ?? pathIn(this.folder, specifier)!;
  }
}

/** A CommonJS package imported from ESM has everything on its default export. */
const namespaceOf = <T extends object>(loaded: T, key: string): T =>
  key in loaded ? loaded : (loaded as { default: T }).default;

async function tfjsOn(backend: string, packages: Packages): Promise<Adapter> {
  const { tfjs } = await packages.load<{ tfjs: Factory }>("@unroll/adapter-tfjs", ["@tensorflow/tfjs"]);
  const tf = namespaceOf(await packages.load("@tensorflow/tfjs"), "tensor");
  if (backend === "wasm") {
    const wasm = await packages.load<{ setWasmPaths(path: string): void }>("@tensorflow/tfjs-backend-wasm");
    // In Node the backend reads its wasm files by path and doesn't know where it is installed.
    const node = packages.file("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js");
    namespaceOf(wasm, "setWasmPaths").setWasmPaths(dirname(node) + sep);
  }
  if (backend === "webgpu") await packages.load("@tensorflow/tfjs-backend-webgpu");
  return tfjs(tf, { backend });
}

async function onnxOn(device: string, packages: Packages): Promise<Adapter> {
  const library = device === "cpu" ? "onnxruntime-node" : "onnxruntime-web";
  const { onnx } = await packages.load<{ onnx: Factory }>("@unroll/adapter-onnx", [library]);
  const ort = namespaceOf(await packages.load(library), "InferenceSession");
  return onnx(ort, { device });
}

const engines = { tfjs: tfjsOn, onnx: onnxOn };

/**
 * Makes the adapter of an engine that is installed beside this package or in the project of `folder`.
 *
 * @throws UNROLL_CONFIG for a package that is not installed
 */
export function installed(
  name: keyof typeof engines,
  device: string,
  folder: string = process.cwd(),
): Promise<Adapter> {
  return engines[name](device, new Packages(name, folder));
}
