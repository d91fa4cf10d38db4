import { unrollError } from "./error.js";
import { nearest } from "./nearest.js";
import { shown } from "./shown.js";

/**
 * Refuses options that something does not have.
 *
 * @param more further ones that it has, which an error need not list
 * @throws UNROLL_ARGUMENT naming the nearest one, and for what is no object of options
 */
export function knownOptions(
  place: string,
  options: object,
  known: readonly string[],
  more: readonly string[] = [],
): void {
  if (typeof options !== "object" || (options as object | null) === null)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: "options as one object",
      got: shown(options),
      cure: "or leave it out",
    });
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
