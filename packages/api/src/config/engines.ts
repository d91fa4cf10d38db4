import type { Adapter } from "../contract/adapter.js";

/** Devices of the engines that have a name here, the default first. */
const devices = {
  builtin: ["wasm", "cpu"],
  tfjs: ["cpu", "wasm", "webgl", "webgpu"],
  onnx: ["wasm", "cpu", "webgpu", "webnn"],
} as const;

/** Adapters that configuration can name without being given them. */
export type AdapterName = keyof typeof devices;

/** Names of the adapters that configuration finds by itself, in Node. */
export const adapterNames = Object.keys(devices) as readonly AdapterName[];

/**
 * Makes an adapter for a device: the one that configuration names, or the engine's default. An engine of your
 * own has the default `cpu`.
 */
export type EngineMaker = (device: string) => Adapter | Promise<Adapter>;

/** Engines by the name that configuration has for them. */
export type Engines = Readonly<Record<string, EngineMaker>>;

/** Whether an adapter of this name is one of the library's own. */
export const isAdapterName = (name: string): name is AdapterName => Object.hasOwn(devices, name);

/**
 * Devices that an adapter can be asked for, the default first. For `onnx`, `wasm` is onnxruntime-web and
 * `cpu` onnxruntime-node. For `builtin`, `wasm` is SIMD and `cpu` plain loops; asked for neither, it has SIMD
 * where the host has.
 */
export function devicesOf(name: AdapterName): readonly string[] {
  return devices[name];
}
