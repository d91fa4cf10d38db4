const beyond = new WeakSet<object>();

/** Marks an error: what it refuses a spec can't say, and a trace of single operations may. */
export function markBeyond<E extends object>(error: E): E {
  beyond.add(error);
  return error;
}

/** Whether an error is of what only specs can't say. */
export const isBeyond = (error: unknown): error is Error =>
  typeof error === "object" && error !== null && beyond.has(error);
