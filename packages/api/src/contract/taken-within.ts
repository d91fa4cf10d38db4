import { isRecord } from "./kind.js";

/** Deeper than anything that is taken; what goes on, as a cycle does, is refused by whoever reads it. */
const DEEPEST = 32;

/**
 * What a caller gives as it is now, in memory of its own: tensors and other plain objects, arrays and typed
 * arrays, whatever they hold, as whoever reads them refuses what is odd. An instance of another class stays
 * what it is; so does an array with holes, which nothing takes.
 */
export function takenWithin<T>(given: T, depth = 0): T {
  const within = (value: unknown): unknown => takenWithin(value, depth + 1);
  if (typeof given !== "object" || given === null || depth > DEEPEST) return given;
  // Not by the array's own `slice`: that of a Node `Buffer` is another view of the same bytes.
  if (ArrayBuffer.isView(given) && !(given instanceof DataView))
    return (given.constructor as unknown as { from(of: unknown): unknown }).from(given) as T;
  if (Array.isArray(given)) {
    const made: unknown[] = [];
    for (let k = 0; k < given.length; k++) {
      if (!(k in given)) return given;
      made.push(within(given[k]));
    }
    return made as T;
  }
  if (!isRecord(given)) return given;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, within(value)])) as T;
}
