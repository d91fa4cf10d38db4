import { unrollError } from "@unroll/api/adapter";
import type { Library, TensorFlow } from "./library.js";

/** Refuses what is no TensorFlow.js. @throws UNROLL_ARGUMENT */
export function assertLibrary(given: unknown): asserts given is TensorFlow {
  const { engine, findBackendFactory } = (given ?? {}) as Partial<TensorFlow>;
  if (typeof engine === "function" && typeof findBackendFactory === "function") return;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "tfjs",
    expected: "the namespace of @tensorflow/tfjs",
    got: given instanceof Promise ? "a promise" : given === null ? "null" : typeof given,
    cure: 'import * as tf from "@tensorflow/tfjs" and call tfjs(tf); an import() is awaited first',
  });
}

/**
 * Waits while any backend is starting, ours or another's: until then the library refuses every operation, and
 * a second start would make it forget the first. What follows must not wait again before it is done.
 */
export async function untilStarted(tf: Library): Promise<void> {
  while (tf.engine().pendingBackendInit) await tf.engine().pendingBackendInit;
}

/**
 * Starts a backend without making it the library's current one.
 *
 * @throws UNROLL_CONFIG when it is not registered, UNROLL_ENGINE when it does not start here
 */
export async function startBackend(tf: Library, name: string): Promise<void> {
  if (!tf.findBackendFactory(name)) {
    const known = Object.keys(tf.engine().registryFactory ?? {});
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: "tfjs backend",
      expected: `one that is registered${known.length > 0 ? `, as ${known.join(", ")}` : ""}`,
      got: `"${name}"`,
      cure: `import @tensorflow/tfjs-backend-${name} before, or mend its name`,
      details: { backend: name, backends: known },
    });
  }
  await untilStarted(tf);
  // Null while it starts, and again when the start failed; a synchronous one is there at once.
  if (tf.findBackend(name)) return;
  await untilStarted(tf);
  if (!tf.findBackend(name)) {
    throw unrollError({
      code: "UNROLL_ENGINE",
      place: "tfjs backend",
      expected: `"${name}" to start`,
      got: "a failure that TensorFlow.js printed",
      cure: "choose another device",
      details: { backend: name },
    });
  }
}

/**
 * Runs `work` with `name` as the library's current backend and puts back the one before: the current backend
 * is the caller's, and several adapters share one library.
 */
export function onBackend<T>(tf: Library, name: string, work: () => T): T {
  const before = tf.getBackend();
  if (before === name) return work();
  makeCurrent(tf, name);
  try {
    return work();
  } finally {
    if (before) makeCurrent(tf, before);
  }
}

// Of each library: backends whose kernels have been set up by a first setBackend.
const setUp = new WeakMap<object, Set<string>>();

/**
 * Makes a backend that has started the current one. `setBackend` sets up every kernel anew, which takes
 * longer than a step of a small model; from the second time on only the engine's two fields are set, where it
 * still has them.
 */
function makeCurrent(tf: Library, name: string): void {
  const engine = tf.engine();
  let known = setUp.get(engine);
  if (!known) setUp.set(engine, (known = new Set()));
  const instance = engine.registry?.[name];
  if (known.has(name) && instance && "backendInstance" in engine && "backendName" in engine) {
    engine.backendName = name;
    engine.backendInstance = instance;
    return;
  }
  // Synchronous for a backend that has started; the promise is a formality.
  void tf.setBackend(name);
  known.add(name);
}
