import { type Adapter, unrollError } from "@unroll/api";
import { adapterNames } from "@unroll/api/config";
import { adapterOf } from "./adapters.js";
import type { Io } from "./io.js";
import { loadModule } from "./module-file.js";

/** An engine to be judged. */
export interface CertifySubject {
  /** As the command line names it. */
  readonly name: string;
  readonly adapter: Adapter;
  /** Counts what the engine holds, where there is a way to. */
  readonly alive?: () => number;
}

/**
 * An engine by name, or out of a module: its default export, or its export `adapter`, is an adapter or a
 * function that returns one. An export `alive` counts what the engine holds.
 *
 * @throws UNROLL_CONFIG for a module that is not there or exports no adapter
 */
export async function subjectOf(
  name: string | undefined,
  device: string | undefined,
  io: Io,
): Promise<CertifySubject> {
  if (name === undefined || (adapterNames as readonly string[]).includes(name.split(":")[0]!)) {
    const known = await adapterOf(name, device, io);
    const counter =
      known.adapter.name === "tfjs"
        ? await liveTensors()
        : known.adapter.name === "onnx"
          ? await liveSessions(known.adapter.device)
          : null;
    return counter ? { ...known, alive: counter } : known;
  }
  if (device !== undefined)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: "--device",
      expected: `none beside module "${name}"`,
      got: `"${device}"`,
      cure: "the module decides",
      details: { name, device },
    });
  const module = await loadModule(name, io, "give builtin, tfjs, onnx, a path or an installed package");
  const exported = module["default"] ?? module["adapter"];
  const made: unknown = typeof exported === "function" ? await (exported as () => unknown)() : exported;
  if (!isAdapter(made))
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `module "${name}"`,
      expected: 'its default export or export "adapter" to be an adapter or to return one',
      got: `${describe(made)} among exports ${Object.keys(module).join(", ") || "none"}`,
      cure: "see docs/writing-an-adapter.md",
      details: { name },
    });
  const { alive } = module;
  return { name, adapter: made, ...(typeof alive === "function" ? { alive: alive as () => number } : {}) };
}

/** TensorFlow.js's own count of live tensors. Its adapter has loaded it already. */
async function liveTensors(): Promise<() => number> {
  const tf = (await import("@tensorflow/tfjs" as string)) as {
    memory(): { numTensors: number };
    setBackend(name: string): Promise<boolean>;
  };
  // It counts only once some backend has started.
  await tf.setBackend("cpu");
  return () => tf.memory().numTensors;
}

interface OrtSession {
  release(): Promise<void>;
}

/**
 * ONNX Runtime keeps no count of its sessions, each of which holds memory that no collector frees; so they
 * are counted as they come and go.
 */
async function liveSessions(device: string): Promise<() => number> {
  const { InferenceSession } = (await import(
    (device === "cpu" ? "onnxruntime-node" : "onnxruntime-web") as string
  )) as { InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> } };
  const create = InferenceSession.create.bind(InferenceSession);
  let count = 0;
  InferenceSession.create = async (model, options) => {
    const session = await create(model, options);
    const release = session.release.bind(session);
    count++;
    session.release = async () => {
      count--;
      await release();
    };
    return session;
  };
  return () => count;
}

const isAdapter = (value: unknown): value is Adapter =>
  typeof value === "object" && value !== null && "capabilities" in value && "compile" in value;
const describe = (value: unknown): string =>
  value === null || typeof value !== "object"
    ? String(value)
    : `an object with ${Object.keys(value).join(", ")}`;
