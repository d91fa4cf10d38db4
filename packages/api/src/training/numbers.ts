import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";

/** Options of an optimiser that were checked. */
export interface Checked<Numbers extends string, Truths extends string> {
  /** Those that are numbers, with their defaults. */
  readonly numbers: Readonly<Record<Numbers, number>>;
  /** Those that are true or false; false by default. */
  readonly truths: Readonly<Record<Truths, boolean>>;
  /** Refuses what does not go together. @throws UNROLL_ARGUMENT */
  refuse(expected: string, got: string, cure: string): never;
}

/** Shares of what was, which an average keeps: below 1. */
const shares: readonly string[] = ["momentum", "rho", "beta1", "beta2", "dampening"];

/**
 * Reads options that are numbers of at least 0, or true or false.
 *
 * @throws UNROLL_ARGUMENT for those that there are none of, and for other values
 */
export function checkedNumbers<Numbers extends string, Truths extends string = never>(
  place: string,
  options: object,
  numbers: Readonly<Record<Numbers, number>>,
  truths: readonly Truths[] = [],
): Checked<Numbers, Truths> {
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
  };
  const names = Object.keys(numbers) as Numbers[];
  knownOptions(place, options, [...names, ...truths]);
  const given = options as Readonly<Record<string, unknown>>;
  return {
    numbers: Object.fromEntries(
      names.map((name) => {
        const value = given[name] ?? numbers[name];
        const most = shares.includes(name) ? 1 : Infinity;
        if (!(typeof value === "number" && value >= 0 && value <= most && value < Infinity))
          refuse(
            `${name} as a number of at least 0${most === 1 ? " and at most 1" : ""}`,
            shown(value),
            "leave it out for its default",
          );
        return [name, value];
      }),
    ) as Record<Numbers, number>,
    truths: Object.fromEntries(
      truths.map((name) => {
        const value = given[name] ?? false;
        if (typeof value !== "boolean") refuse(`${name} true or false`, shown(value), "write it so");
        return [name, value];
      }),
    ) as Record<Truths, boolean>,
    refuse,
  };
}

/**
 * A finite number above 0, or at least 0 where `least` says so.
 *
 * @throws UNROLL_ARGUMENT
 */
export function checkedNumber(
  place: string,
  what: string,
  value: unknown,
  least: "above" | "from" = "above",
): number {
  const fits = typeof value === "number" && value < Infinity && (least === "from" ? value >= 0 : value > 0);
  if (!fits)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `${what} as a number ${least === "from" ? "of at least" : "above"} 0`,
      got: shown(value),
      cure: "write it as a plain number",
    });
  return value;
}
