import * as fc from "fast-check";

/** One change of a JSON document or of its text. Numbers choose, modulo what there is to choose from. */
export interface Mutation {
  readonly kind: "replace" | "delete" | "duplicate" | "swap" | "scale" | "name" | "byte" | "cut";
  readonly where: number;
  readonly what: number;
}

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      "replace",
      "replace",
      "delete",
      "duplicate",
      "swap",
      "scale",
      "name",
      "byte",
      "cut",
    ),
    where: fc.nat(),
    what: fc.nat(),
  }),
  { minLength: 1, maxLength: 3 },
);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Parent = Json[] | { [key: string]: Json };

const DEEP = "@deep@";
const values: readonly Json[] = [
  ...[null, true, false, "", "x", "\u0000", "../x", "/etc/passwd", "..\\x", "C:\\x", DEEP],
  ...["__proto__", "constructor", "toString", "output", "LSTM", "GRU", "torch.nn.GRU", "torch.nn.LSTMCell"],
  ...[-1, 0, -0, 0.5, 1, 2, 3, 7, 64, 1000, 1e6, 1e6 + 1, 2 ** 31, 2 ** 53, 1e99, -1e99, 1e-300],
  ...[[], [[]], [0], [1e6, 1e6, 1e6], [null], ["x"], {}, { x: 1 }, { X: [1, 1, 1] }],
];
const names = [
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "valueOf",
  "x",
  "op",
  "module",
  "layer",
];
const scales = [-1, 2, 1e3, 1e9, 0.5, 1e300];

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

/** An own property of any name, `__proto__` among them. */
const define = (parent: Parent, key: string, value: Json): void => {
  Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
};

/** Every place in a document: an object or list, and a key of it. */
function placesOf(value: Json): [Parent, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    [value, key] as [Parent, string],
    ...placesOf((value as Record<string, Json>)[key]!),
  ]);
}

const copy = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;

function mutate(document: Json, { kind, where, what }: Mutation): void {
  const places = placesOf(document);
  if (places.length === 0) return;
  const [parent, key] = pick(places, where);
  const old = (parent as Record<string, Json>)[key]!;
  switch (kind) {
    case "replace":
      return define(parent, key, copy(pick(values, what)));
    case "delete":
      return Array.isArray(parent)
        ? void parent.splice(Number(key), 1)
        : void Reflect.deleteProperty(parent, key);
    case "duplicate":
      return Array.isArray(parent)
        ? void parent.push(copy(old))
        : define(parent, pick(names, what), copy(old));
    case "swap": {
      const [other, at] = pick(places, what);
      const theirs = copy((other as Record<string, Json>)[at]!);
      define(other, at, copy(old));
      return define(parent, key, theirs);
    }
    case "scale":
      return typeof old === "number" ? define(parent, key, old * pick(scales, what)) : undefined;
    case "name":
      return Array.isArray(parent) ? undefined : define(parent, pick(names, what), { polluted: true });
    case "byte":
    case "cut":
      return;
    default:
      return kind satisfies never;
  }
}

/** Bytes with the changes that are made to bytes: others, and an end that is missing. */
export function mutatedBytes(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let changed = Uint8Array.from(bytes);
  for (const { kind, where, what } of changes) {
    if (kind === "byte" && changed.length > 0) changed[where % changed.length] = what % 256;
    if (kind === "cut") changed = changed.slice(0, where % (changed.length + 1));
  }
  return changed;
}

/** The text of a document with changes: first those to its values, then those to its bytes. */
export function mutatedText(document: unknown, changes: readonly Mutation[]): Uint8Array {
  const changed = copy(document as Json);
  for (const change of changes) mutate(changed, change);
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const text = JSON.stringify(changed).replaceAll(JSON.stringify(DEEP), deep);
  return mutatedBytes(new TextEncoder().encode(text), changes);
}
