import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";

/**
 * Options by name, where PyTorch's next positional argument may stand for one of them: `new nn.LSTM(3, 4, 2)`
 * is `{ numLayers: 2 }`.
 *
 * @param first the option that stands next in PyTorch's order; null where there is none
 * @param type what it is as a `typeof`
 * @throws UNROLL_ARGUMENT for an option that there is none of, and for what is no options
 */
export function optionsOf<Options extends object>(
  place: string,
  given: unknown,
  known: readonly string[],
  first: (keyof Options & string) | null = null,
  type: "number" | "boolean" = "number",
): Options {
  if (given === undefined || given === null) return {} as Options;
  if (first !== null && typeof given === type) return { [first]: given } as Options;
  if (!isRecord(given))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: first === null ? "options by name" : `${first}, or options by name`,
      got: shown(given),
      cure: `e.g. { ${known[0] ?? ""}: ... }`,
    });
  knownOptions(place, given, known);
  return given as Options;
}

/**
 * As `optionsOf`, where options may stand behind the positional argument: `new nn.LSTM(3, 4, 2, { bias })`.
 *
 * @throws UNROLL_ARGUMENT
 */
export function optionsBehind<Options extends object>(
  place: string,
  given: unknown,
  rest: readonly unknown[],
  known: readonly string[],
  first: keyof Options & string,
): Options {
  const [more] = rest;
  if (typeof given !== "number" || rest.length !== 1 || !isRecord(more)) {
    noMore(place, rest);
    return optionsOf<Options>(place, given, known, first);
  }
  knownOptions(place, more, known);
  if (first in more)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `${first} once`,
      got: `${given}, and ${shown(more)}`,
      cure: "give it by itself or by name",
    });
  return { ...(more as Options), [first]: given };
}

/** Refuses arguments beyond those that there are. @throws UNROLL_ARGUMENT */
export function noMore(place: string, rest: readonly unknown[], cure = "give options by name"): void {
  if (rest.length > 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "no further arguments",
      got: rest.map(shown).join(", "),
      cure,
    });
}

/** Numbers one by one in PyTorch's order, or by name. */
export type NumbersOr<Options> = readonly number[] | readonly [Options];

/**
 * Numbers that come one by one in PyTorch's order, or by name.
 *
 * @param defaults by name in PyTorch's order; null where a number has to be given
 * @throws UNROLL_ARGUMENT for what is no number, for another name, and for more than there are
 */
export function numbersOf<Name extends string>(
  place: string,
  given: readonly unknown[],
  defaults: Readonly<Record<Name, number | null>>,
): Readonly<Record<Name, number>> {
  const names = Object.keys(defaults) as Name[];
  const [first] = given;
  const named = isRecord(first) ? first : null;
  noMore(place, given.slice(named ? 1 : names.length));
  if (named) knownOptions(place, named, names);
  const values = names.map((name, k) => {
    const value = (named ? named[name] : given[k]) ?? defaults[name];
    if (typeof value !== "number" || Number.isNaN(value))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `${name} as a number`,
        got: shown(value),
        cure: `its arguments are ${names.join(", ")}, one by one or by name`,
      });
    return [name, value] as const;
  });
  return Object.fromEntries(values) as Record<Name, number>;
}
