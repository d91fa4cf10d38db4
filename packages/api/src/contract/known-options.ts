import { unrollError } from "./error.js";
import { nearest } from "./nearest.js";

/** Refuses options that something does not have. @throws UNROLL_ARGUMENT naming the nearest one */
export function knownOptions(place: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: `options ${known.join(", ") || "none"}`,
      got: `"${unknown}"`,
      cure: known.length > 0 ? `the nearest is "${nearest(unknown, known)}"` : "remove it",
      details: { option: unknown },
    });
}
