import fc from "fast-check";

/** What stands in the place of something else: values that code tends not to expect. */
const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e9,
  2 ** 53,
  -1e300,
  "",
  "x",
  "__proto__",
  "constructor",
  [],
  {},
  [[]],
  JSON.parse('{"__proto__": {"polluted": 1}}'),
  // No text can be made of it.
  JSON.parse('{"toString": 1, "valueOf": 1}'),
  new Array(300).fill(1),
];

/** One change of JSON: the place, as numbers that are taken modulo what is there, and what happens there. */
interface Change {
  readonly path: readonly number[];
  readonly how: "replace" | "remove" | "rename" | "swap" | "repeat";
  readonly odd: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  path: fc.array(fc.nat(40), { minLength: 1, maxLength: 9 }),
  how: fc.constantFrom("replace", "remove", "rename", "swap", "repeat"),
  odd: fc.nat(odd.length - 1),
});

function set(holder: object, key: string, value: unknown): void {
  // As JSON.parse does: an own property, whatever it is called.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function apply(root: unknown, { path, how, odd: which }: Change): void {
  let holder: unknown = root;
  for (const [depth, step] of path.entries()) {
    if (typeof holder !== "object" || holder === null) return;
    const keys = Object.keys(holder);
    if (keys.length === 0) return;
    const key = keys[step % keys.length]!;
    const child = (holder as Record<string, unknown>)[key];
    const last = depth === path.length - 1 || typeof child !== "object" || child === null;
    if (!last) {
      holder = child;
      continue;
    }
    const other = keys[(step + which) % keys.length]!;
    if (how === "replace") set(holder, key, structuredClone(odd[which]));
    else if (how === "swap") set(holder, key, structuredClone((holder as Record<string, unknown>)[other]));
    else if (how === "repeat" && Array.isArray(holder)) holder.push(structuredClone(child));
    else if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else {
      delete (holder as Record<string, unknown>)[key];
      if (how === "rename") set(holder, typeof odd[which] === "string" ? odd[which] : `${key}_`, child);
    }
    return;
  }
}

/** One of some real values of JSON, with a few changes anywhere in it. */
export const mutatedJson = <T>(real: readonly T[]): fc.Arbitrary<unknown> =>
  fc.tuple(fc.nat(real.length - 1), fc.array(change, { minLength: 1, maxLength: 3 })).map(([k, changes]) => {
    const value = structuredClone(real[k]);
    for (const one of changes) apply(value, one);
    return value;
  });

/** One of some real files, with bytes overwritten, and cut or lengthened. */
export const mutatedBytes = (real: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.nat(real.length - 1),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
      fc.integer({ min: -20, max: 20 }),
    )
    .map(([k, writes, more]) => {
      const bytes = new Uint8Array(Math.max(0, real[k]!.length + (more % 3 === 0 ? more : 0)));
      bytes.set(real[k]!.subarray(0, bytes.length));
      for (const [at, byte] of writes) bytes[at % Math.max(1, bytes.length)] = byte;
      return bytes;
    });
