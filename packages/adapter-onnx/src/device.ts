import { unrollError } from "@unroll/api/adapter";
import type { Library, OnnxRuntime } from "./library.js";
import { encodeModel, type ValueInfo } from "./proto.js";
import { queueOf } from "./queue.js";

/** Refuses what is no ONNX Runtime. @throws UNROLL_ARGUMENT */
export function assertLibrary(given: unknown): asserts given is OnnxRuntime {
  const { InferenceSession, Tensor } = (given ?? {}) as Partial<OnnxRuntime>;
  if (typeof InferenceSession?.create === "function" && typeof Tensor === "function") return;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "onnx",
    expected: "the namespace of onnxruntime-web or onnxruntime-node",
    got: given instanceof Promise ? "a promise" : given === null ? "null" : typeof given,
    cure: 'import * as ort from "onnxruntime-web" and call onnx(ort); an import() is awaited first',
  });
}

/** What a copy of the library says it has, or could have, here. */
function devicesOf(ort: Library): readonly string[] {
  const named = ort.listSupportedBackends?.();
  if (named) return named.filter(({ bundled }) => bundled).map(({ name }) => name);
  const { gpu, ml } = (globalThis as { navigator?: { gpu?: unknown; ml?: unknown } }).navigator ?? {};
  return ["wasm", ...(gpu ? ["webgpu"] : []), ...(ml ? ["webnn"] : [])];
}

const x: ValueInfo = { name: "x", type: "float32", shape: [1] };
const nothing = encodeModel({
  name: "nothing",
  nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"], attributes: {} }],
  initializers: [],
  inputs: [x],
  outputs: [{ ...x, name: "y" }],
});

const started = new WeakMap<object, Set<string>>();

/**
 * Starts a device once for each copy of the library, by a session that computes nothing: the library has no
 * other way to say whether it can.
 *
 * @throws UNROLL_CONFIG when there is no such device here
 */
export async function startDevice(ort: Library, device: string): Promise<void> {
  const known = started.get(ort.InferenceSession) ?? new Set();
  started.set(ort.InferenceSession, known);
  if (known.has(device)) return;
  try {
    await queueOf(ort).run(async () => {
      const session = await ort.InferenceSession.create(nothing, { executionProviders: [device] });
      await session.release?.();
    });
  } catch (cause) {
    const others = devicesOf(ort).filter((name) => name !== device);
    const said = cause instanceof Error ? cause.message : String(cause);
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: "onnx device",
      expected: `one that ONNX Runtime can start here, as ${others.join(", ")}`,
      got: `"${device}"`,
      cure: `mend its name or choose another; the library says "${said.split("\n")[0]!.slice(0, 200)}"`,
      details: { device, devices: others },
      cause,
    });
  }
  known.add(device);
}
