import { limits } from "../contract/limits.js";
import { nearest } from "../contract/nearest.js";
import { shown } from "../contract/shown.js";
import { unrollError } from "../contract/error.js";

/** Names a value of a spec: an input, a layer's output, or a part of either after a dot. */
export type ValueRef = string;

/** What one key of a spec may hold, as data: types, builders, known options and checks follow from it. */
export type Field = FieldKind & { readonly nullable?: true; readonly default?: unknown };

type FieldKind =
  /** Letters, digits, _, - and /. */
  | { readonly kind: "name" }
  /** Any string. */
  | { readonly kind: "text" }
  /** A reference of a value made before. */
  | { readonly kind: "value" }
  /** A list of references, at least so many. */
  | { readonly kind: "values"; readonly least: number }
  /** A list of anything, at least so many; what it holds is checked apart. */
  | { readonly kind: "list"; readonly least: number }
  /** References by the name of a part. */
  | { readonly kind: "valuesByName" }
  /** Name of a time axis. */
  | { readonly kind: "axis" }
  /** A whole number of at least 1; at most as many as a tensor has elements, or `most`. */
  | { readonly kind: "count"; readonly most?: number }
  /** A list of whole numbers of at least 1. */
  | { readonly kind: "shape" }
  /** A finite number above 0. */
  | { readonly kind: "positive" }
  | { readonly kind: "oneOf"; readonly of: readonly (string | boolean | number)[] }
  /** What only one layer or cell has: checked by a function of its own. */
  | { readonly kind: "own"; readonly check: OwnCheck }
  /** A cell; `Cell` is its type. */
  | { readonly kind: "cell" };

/** A field that holds a cell of type `Cell`. */
export interface CellField<Cell> {
  readonly kind: "cell";
  /** Never there: it carries the type. */
  readonly type?: Cell;
}

/** A field that holds a `Value` of a kind of its own. */
export interface OwnField<Value> {
  readonly kind: "own";
  readonly check: OwnCheck;
  /** Never there: it carries the type. */
  readonly type?: Value;
}

/** @throws UNROLL_SPEC */
export type OwnCheck = (value: unknown, path: string) => void;

export type Fields = Readonly<Record<string, Field>>;

/** What a field holds where it is not null. @inline */
type Held<F> = F extends { readonly kind: "name" | "text" | "value" | "axis" }
  ? string
  : F extends { readonly kind: "values" }
    ? readonly ValueRef[]
    : F extends { readonly kind: "valuesByName" }
      ? Readonly<Record<string, ValueRef>>
      : F extends { readonly kind: "count" | "positive" }
        ? number
        : F extends { readonly kind: "shape" }
          ? readonly number[]
          : F extends { readonly kind: "oneOf"; readonly of: readonly (infer Choice)[] }
            ? Choice
            : F extends { readonly kind: "cell" | "own"; readonly type?: infer Type }
              ? Exclude<Type, undefined>
              : never;

/** What a field holds. @inline */
type ValueOf<F> = Held<F> | (F extends { readonly nullable: true } ? null : never);

/** The object that has every field, as a spec holds it. @inline */
export type FilledOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** What a builder takes: fields without a default, and any of those with one. @inline */
export type OptionsOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends { readonly default: unknown } ? never : K]: ValueOf<F[K]>;
} & {
  readonly [K in keyof F as F[K] extends { readonly default: unknown } ? K : never]?:
    ValueOf<F[K]> | undefined;
};

/**
 * A default that follows from other options: given what the caller gave with the defaults so far, in the
 * order of the fields.
 */
export type DefaultRule = (filled: Readonly<Record<string, unknown>>) => unknown;

/** Refuses a part of a spec. @throws UNROLL_SPEC */
export function refuseSpec(path: string, expected: string, got: unknown, cure: string): never {
  throw unrollError({
    code: "UNROLL_SPEC",
    place: `spec ${path.slice(0, limits.name)}`,
    expected,
    got: shown(got),
    cure,
    details: { path, expected, got },
  });
}

/** Checks a value of a spec; `cell` checks what a field of kind `cell` holds. */
type Check<F = Field> = (value: unknown, path: string, field: F, cell: CellCheck) => void;

export type CellCheck = (value: unknown, path: string) => void;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const count: Check = (value, path, field) => {
  const most = (field as { readonly most?: number }).most ?? limits.elements;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > most)
    refuseSpec(
      path,
      `a whole number of at ${(value as number) > most ? `most ${most}` : "least 1"}`,
      value,
      "sizes are counts",
    );
};
const text = (value: unknown, path: string): void => {
  if (typeof value !== "string") refuseSpec(path, "a string", value, "quote it");
};
const name: Check = (value, path) => {
  // JavaScript reads and writes no key of this name as it does others, in whoever's code.
  const takes = typeof value === "string" && value !== "__proto__" && value.length <= limits.name;
  if (!takes || !/^[A-Za-z_][A-Za-z0-9_\-/]*$/.test(value))
    refuseSpec(
      path,
      `a name of letters, digits, _, - and /, at most ${limits.name}, and not __proto__`,
      value,
      "a dot separates a layer from its parts, so names have none",
    );
};

const listOf =
  (check: Check, least: number, most: number = limits.list): Check =>
  (value, path, field, cell) => {
    if (!Array.isArray(value) || value.length < least || value.length > most)
      refuseSpec(path, `a list of ${least} to ${most}`, value, "wrap it in [ ]");
    // By number, as forEach would skip holes.
    for (let k = 0; k < value.length; k++) check(value[k], `${path}[${k}]`, field, cell);
  };

const checks: { readonly [K in Field["kind"]]: Check<Extract<Field, { readonly kind: K }>> } = {
  name,
  text,
  value: text,
  values: (value, path, field, cell) => listOf(text, field.least)(value, path, field, cell),
  list: (value, path, field, cell) => listOf(() => undefined, field.least)(value, path, field, cell),
  valuesByName(value, path) {
    if (!isRecord(value))
      refuseSpec(path, "null or an object of part to value", value, 'e.g. { "h": "encoder.h" }');
    for (const [key, item] of Object.entries(value)) text(item, `${path}.${key}`);
  },
  axis(value, path, field, cell) {
    name(value, path, field, cell);
    if (value === "batch")
      refuseSpec(
        path,
        "a time axis",
        value,
        "batch is the first axis of every value; name another, or null for none",
      );
  },
  count,
  shape: listOf(count, 0, limits.axes - 3),
  positive(value, path) {
    if (typeof value !== "number" || !(value > 0 && value < Infinity))
      refuseSpec(path, "a finite number above 0", value, "leave it null for none, where it may be");
  },
  oneOf(value, path, field) {
    if (!(field.of as readonly unknown[]).includes(value))
      refuseSpec(path, `one of ${field.of.join(", ")}`, value, "write the choice out");
  },
  own: (value, path, field) => field.check(value, path),
  cell: (value, path, _field, cell) => cell(value, path),
};

/** Checks one value. @throws UNROLL_SPEC */
export function checkField(value: unknown, path: string, field: Field, cell: CellCheck): void {
  (checks[field.kind] as Check)(value, path, field, cell);
}

/**
 * Checks that an object has the fields, all of them and no others, each holding what it may.
 *
 * @throws UNROLL_SPEC naming the path, what was expected, what came and the cure
 */
export function checkFields(
  value: unknown,
  path: string,
  fields: Fields,
  cell: CellCheck,
): asserts value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) refuseSpec(path, "an object", value, `with ${Object.keys(fields).join(", ")}`);
  const extra = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (extra !== undefined)
    refuseSpec(
      `${path}.${extra.slice(0, limits.name)}`,
      `only ${Object.keys(fields).join(", ")}`,
      value[extra],
      `remove it or mend its name; nearest is "${nearest(extra.slice(0, limits.name), Object.keys(fields))}"`,
    );
  for (const [key, field] of Object.entries(fields)) {
    if (!Object.hasOwn(value, key))
      refuseSpec(`${path}.${key}`, "a value", undefined, "a spec implies nothing; write it out");
    if (value[key] !== null || !field.nullable) checkField(value[key], `${path}.${key}`, field, cell);
  }
}

/** Every reference that an object with the fields holds. */
export function refsOf(of: object, fields: Fields): readonly ValueRef[] {
  const held = of as Readonly<Record<string, unknown>>;
  return Object.entries(fields).flatMap(([key, { kind }]) => {
    const value = held[key];
    if (value === null || value === undefined) return [];
    if (kind === "value") return [value as ValueRef];
    if (kind === "values") return value as readonly ValueRef[];
    return kind === "valuesByName" ? Object.values(value as Readonly<Record<string, ValueRef>>) : [];
  });
}
