import { unrollError } from "@unroll/api";
import { described } from "./described.js";

/** Where a value of a JSON file stands. */
export interface Place {
  /** The file, as errors name it: `manifest "a/manifest.json"`. */
  readonly file: string;
  /** The value in it: `cases[3].args.num_layers`; empty for the whole. */
  readonly path: string;
  /** What to do about a value of another form. */
  readonly cure: string;
}

/** Reads a value of a JSON file as a T. @throws UNROLL_FORMAT with the place, what was expected, what came */
export type Form<T> = (value: unknown, place: Place) => T;

/** What a form reads. */
export type Read<F> = F extends Form<infer T> ? T : never;

/** Refuses the value at a place. */
export function refuse({ file, path, cure }: Place, expected: string, got: unknown): never {
  throw unrollError({
    code: "UNROLL_FORMAT",
    place: path === "" ? file : `${file} ${path}`,
    expected,
    got: described(got),
    cure,
    details: { file, path },
  });
}

const identifier = /^[A-Za-z_][A-Za-z_0-9]*$/;

/** The place of a member of an object, or of an item of a list. */
export function at(place: Place, key: string | number): Place {
  const step =
    typeof key === "number"
      ? `[${key}]`
      : identifier.test(key)
        ? `${place.path === "" ? "" : "."}${key}`
        : `[${JSON.stringify(key.slice(0, 60))}]`;
  return { ...place, path: place.path + step };
}

export const flag: Form<boolean> = (value, place) =>
  typeof value === "boolean" ? value : refuse(place, "true or false", value);

export const text: Form<string> = (value, place) =>
  typeof value === "string" ? value : refuse(place, "a text", value);

export const number: Form<number> = (value, place) =>
  typeof value === "number" && Number.isFinite(value) ? value : refuse(place, "a finite number", value);

/** A whole number from `least` to `most`: what sizes something is bounded before anything is allocated. */
export const whole =
  (least: number, most: number): Form<number> =>
  (value, place) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : refuse(place, `a whole number from ${least} to ${most}`, value);

export const oneOf =
  <T extends string>(...allowed: readonly T[]): Form<T> =>
  (value, place) =>
    allowed.includes(value as T)
      ? (value as T)
      : refuse(place, allowed.map((one) => `"${one}"`).join(" or "), value);

export const nullable =
  <T>(form: Form<T>): Form<T | null> =>
  (value, place) =>
    value === null ? null : form(value, place);

/** What may be left out. */
export const optional =
  <T>(form: Form<T>): Form<T | undefined> =>
  (value, place) =>
    value === undefined ? undefined : form(value, place);

/** A list of `least` to `most` items. */
export const list =
  <T>(item: Form<T>, least: number, most: number): Form<readonly T[]> =>
  (value, place) => {
    if (!Array.isArray(value)) return refuse(place, "a list", value);
    if (value.length < least || value.length > most)
      return refuse(place, `a list of ${least === most ? least : `${least} to ${most}`}`, value);
    return value.map((one, k) => item(one, at(place, k)));
  };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with any names, every value of one form. What it returns has no prototype. */
export const named =
  <T>(form: Form<T>): Form<Readonly<Record<string, T>>> =>
  (value, place) => {
    if (!isObject(value)) return refuse(place, "an object", value);
    const read = Object.create(null) as Record<string, T>;
    for (const [key, one] of Object.entries(value)) read[key] = form(one, at(place, key));
    return read;
  };

/** Anything: what is never looked into. */
export const anything: Form<unknown> = (value) => value;

type Members = Readonly<Record<string, Form<unknown>>>;
type Fields<M extends Members> = { readonly [K in keyof M]: Read<M[K]> };

/** An object with these members, and others that are not read. */
export const object =
  <M extends Members>(members: M): Form<Fields<M>> =>
  (value, place) => {
    if (!isObject(value)) return refuse(place, `an object with ${Object.keys(members).join(", ")}`, value);
    const read = Object.create(null) as Record<string, unknown>;
    for (const [key, form] of Object.entries(members)) {
      const member = form(Object.hasOwn(value, key) ? value[key] : undefined, at(place, key));
      if (member !== undefined) read[key] = member;
    }
    return read as Fields<M>;
  };

/** Both forms of one object, as one. */
export const both =
  <A, B>(first: Form<A>, second: Form<B>): Form<A & B> =>
  (value, place) =>
    Object.assign(Object.create(null) as object, first(value, place), second(value, place)) as A & B;
