import { unrollError } from "./error.js";
import { nearest } from "./nearest.js";

/**
 * Refuses options that something does not have.
 *
 * @param more further ones that it has, which an error need not list
 * @throws UNROLL_ARGUMENT naming the nearest one
 */
export function knownOptions(
  place: string,
  options: object,
  known: readonly string[],
  more: readonly string[] = [],
): void {
  const all = [...known, ...more];
  const unknown = Object.keys(options).find((key) => !all.includes(key));
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: `options ${known.join(", ") || "none"}`,
      got: `"${unknown}"`,
      cure: all.length > 0 ? `the nearest is "${nearest(unknown, all)}"` : "remove it",
      details: { option: unknown },
    });
}
