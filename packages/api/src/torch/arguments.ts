import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";

/** Options that are true or false, whatever has one of the name. */
const flags: ReadonlySet<string> = /* @__PURE__ */ new Set(
  (
    "affine averageAttnWeights batchFirst bias bidirectional ceilMode countIncludePad elementwiseAffine " +
    "enforceSorted freeze isCausal keepdim logTarget memoryIsCausal needWeights normFirst persistent " +
    "requiresGrad scaleGradByFreq sparse srcIsCausal strict tgtIsCausal trackRunningStats unbiased " +
    "zeroInfinity"
  ).split(" "),
);

/** Flags that PyTorch has None for. */
const open: ReadonlySet<string> = /* @__PURE__ */ new Set(["isCausal", "srcIsCausal", "tgtIsCausal"]);

/** Refuses other options than those known, and flags that are none. @throws UNROLL_ARGUMENT */
export function assertOptions(place: string, options: object, known: readonly string[]): void {
  knownOptions(place, options, known);
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!flags.has(name) || value === undefined || typeof value === "boolean") continue;
    if (value === null && open.has(name)) continue;
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `${name} true or false`,
      got: shown(value),
      cure: "any text would count as true",
    });
  }
}

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
  assertOptions(place, given, known);
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
  assertOptions(place, more, known);
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

/** Values that are numbers; JavaScript would make some of texts and nothing. @throws UNROLL_DTYPE */
export function numbersIn(place: string, values: ArrayLike<number>): ArrayLike<number> {
  // A typed array has elements of one type.
  const looked: readonly unknown[] = ArrayBuffer.isView(values) ? [values[0] ?? 0] : Array.from(values);
  const at = looked.findIndex((one) => typeof one !== "number");
  if (at < 0) return values;
  throw unrollError({
    code: "UNROLL_DTYPE",
    place,
    expected: "numbers",
    got: `${shown(looked[at])} at ${at}`,
    cure: "Number() makes one of each",
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
