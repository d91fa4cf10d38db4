import { isRecord } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { refuse } from "./refuse.js";

/** Options, checked by name. @throws UNROLL_ARGUMENT naming the nearest one */
export function optionsOf<T extends object>(
  place: string,
  options: T,
  known: readonly (keyof T & string)[],
): T {
  if (!isRecord(options)) refuse(place, "options as one object", shown(options), "e.g. { name: value }");
  knownOptions(place, options, known);
  return options;
}

/** Refuses options that are neither true nor false; those left out are undefined. @throws UNROLL_ARGUMENT */
export function assertFlags(place: string, flags: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(flags))
    if (value !== undefined && typeof value !== "boolean")
      refuse(`${place} ${name}`, "true or false", shown(value), "or leave it out");
}

/** A size that is given. @throws UNROLL_ARGUMENT for what is no whole number of at least 1 */
export function sizeGiven(place: string, size: unknown): number {
  if (typeof size === "number" && Number.isInteger(size) && size > 0) return size;
  return refuse(place, "a whole number of at least 1", shown(size), "e.g. new BasicLSTMCell(128)");
}
