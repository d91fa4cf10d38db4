import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { builtin } from "../builtin/index.js";

/** How to make the adapter of one name: what to import, and what for each device. */
interface Engine {
  readonly devices: Readonly<Record<string, () => Promise<Adapter>>>;
  /** The device when none is named. */
  readonly fallback: string;
}

// The adapters are built against this package, so it can't be built against their types.
type Factory = (library: object, options: Readonly<Record<string, string>>) => Adapter;

/** Imports a peer dependency; its absence is an error that says what to install. */
async function peer<T>(
  adapter: string,
  name: string,
  load: () => Promise<T>,
  also: readonly string[] = [],
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!isNotFound(cause, name)) throw cause;
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `adapter "${adapter}"`,
      expected: `package ${name}`,
      got: "none installed",
      cure: `npm install ${[name, ...also].join(" ")}`,
      details: { adapter, package: name },
      cause,
    });
  }
}

/** Whether an import failed for want of this very package, rather than inside it. */
function isNotFound(cause: unknown, name: string): boolean {
  const { code, message = "" } = (cause ?? {}) as { code?: string; message?: string };
  return (
    (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || message.startsWith("Cannot find")) &&
    message.includes(name)
  );
}

async function tfjsOn(backend: string): Promise<Adapter> {
  const { tfjs } = await peer(
    "tfjs",
    "@unroll/adapter-tfjs",
    () => import("@unroll/adapter-tfjs" as string) as Promise<{ tfjs: Factory }>,
    ["@tensorflow/tfjs"],
  );
  const tf: object = await peer(
    "tfjs",
    "@tensorflow/tfjs",
    () => import("@tensorflow/tfjs" as string) as Promise<object>,
  );
  if (backend === "wasm") {
    const wasm = await peer(
      "tfjs",
      "@tensorflow/tfjs-backend-wasm",
      () =>
        import("@tensorflow/tfjs-backend-wasm" as string) as Promise<{ setWasmPaths(path: string): void }>,
    );
    const [{ createRequire }, { dirname, sep }] = await Promise.all([
      import("node:module"),
      import("node:path"),
    ]);
    // In Node the backend reads its wasm files by path and doesn't know where it is installed.
    wasm.setWasmPaths(
      dirname(
        createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js"),
      ) + sep,
    );
  }
  if (backend === "webgpu")
    await peer(
      "tfjs",
      "@tensorflow/tfjs-backend-webgpu",
      () => import("@tensorflow/tfjs-backend-webgpu" as string) as Promise<object>,
    );
  return tfjs(tf, { backend });
}

async function onnxOn(device: string): Promise<Adapter> {
  const library = device === "cpu" ? "onnxruntime-node" : "onnxruntime-web";
  const { onnx } = await peer(
    "onnx",
    "@unroll/adapter-onnx",
    () => import("@unroll/adapter-onnx" as string) as Promise<{ onnx: Factory }>,
    [library],
  );
  const loaded = await peer("onnx", library, () => import(library) as Promise<{ default?: object } & object>);
  // A CommonJS package imported from ESM has everything on its default export.
  const ort = "InferenceSession" in loaded ? loaded : loaded.default!;
  return onnx(ort, { device });
}

const each = (make: (device: string) => Promise<Adapter>, devices: readonly string[]): Engine["devices"] =>
  Object.fromEntries(devices.map((device) => [device, () => make(device)]));

const engines = {
  builtin: { devices: each(async () => builtin(), ["cpu"]), fallback: "cpu" },
  tfjs: { devices: each(tfjsOn, ["cpu", "wasm", "webgl", "webgpu"]), fallback: "cpu" },
  onnx: { devices: each(onnxOn, ["wasm", "cpu", "webgpu", "webnn"]), fallback: "wasm" },
} satisfies Record<string, Engine>;

/** Adapters that configuration can name. */
export type AdapterName = keyof typeof engines;

/** Every adapter that configuration can name. */
export const adapterNames = Object.keys(engines) as readonly AdapterName[];

/**
 * Devices that an adapter can be asked for, the default first for `onnx`: `wasm` is onnxruntime-web, `cpu`
 * onnxruntime-node.
 */
export function devicesOf(name: AdapterName): readonly string[] {
  return Object.keys(engines[name].devices);
}

/**
 * Makes the adapter of a known name. @throws UNROLL_CONFIG for an unknown device or a package that is not
 * installed
 */
export async function makeAdapter(
  name: AdapterName,
  device: string | undefined,
  place: string,
): Promise<Adapter> {
  const { devices, fallback }: Engine = engines[name];
  const make = devices[device ?? fallback];
  if (!make || !Object.hasOwn(devices, device ?? fallback)) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} device`,
      expected: `one of ${Object.keys(devices).join(", ")} for adapter "${name}"`,
      got: `"${device}"`,
      cure: `leave it out for ${fallback}`,
      details: { adapter: name, device },
    });
  }
  return make();
}
