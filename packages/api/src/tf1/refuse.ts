import { unrollError, type UnrollErrorCode } from "../contract/error.js";

/** Refuses what was given. @throws an error of the code, always */
export function refuse(
  place: string,
  expected: string,
  got: string,
  cure: string,
  code: UnrollErrorCode = "UNROLL_ARGUMENT",
): never {
  throw unrollError({ code, place, expected, got, cure, details: { expected, got } });
}

const AHEAD = ["AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"];

/**
 * What a function builds. One that goes on later would build outside of the scope that it is called in, so it
 * is refused, before it runs where it says so.
 *
 * @throws UNROLL_ARGUMENT
 */
export function builtAtOnce<A extends readonly unknown[], T>(
  place: string,
  build: (...given: A) => T,
  ...given: A
): T {
  const cure = "await before, and build the graph in one go: its scope ends when the function returns";
  const sort = Object.prototype.toString.call(build).slice(8, -1);
  if (AHEAD.includes(sort)) refuse(place, "a function that returns at once", sort, cure);
  const built = build(...given);
  if (typeof (built as { readonly then?: unknown } | null | undefined)?.then !== "function") return built;
  // The refusal is what went wrong; what the promise comes to is of no more use to anyone.
  void Promise.resolve(built).catch(() => undefined);
  return refuse(place, "a function that returns at once", "one that returned a promise", cure);
}
