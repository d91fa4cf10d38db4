import type { Library } from "./library.js";

/**
 * Work on one copy of ONNX Runtime, one piece after the other, in the order it was given.
 *
 * Over all sessions, not for each: on webgpu and webnn, onnxruntime-web 1.30 keeps its running session in a
 * variable of the whole module and throws "Session already started", and likewise for a session being
 * created. Nothing is lost on wasm or in Node, where the library computes on the calling thread anyway.
 */
export class Queue {
  private last: Promise<unknown> | undefined;

  /** Starts at once if nothing runs. What failed before does not matter. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const running = this.last ? this.last.then(work) : work();
    const end = (): void => {
      if (this.last === settled) this.last = undefined;
    };
    const settled: Promise<void> = running.then(end, end);
    this.last = settled;
    return running;
  }
}

const queues = new WeakMap<object, Queue>();

/** The queue of a library: one, whichever of its namespaces or default export it was given as. */
export function queueOf({ InferenceSession }: Library): Queue {
  let queue = queues.get(InferenceSession);
  if (!queue) queues.set(InferenceSession, (queue = new Queue()));
  return queue;
}
