import { unrollError } from "../contract/error.js";
import { boundedSize, limits } from "../contract/limits.js";
import type { Named, Program } from "../contract/program.js";
import { shown } from "../contract/shown.js";
import { isAxisName } from "../program/dims.js";
import {
  rowEndsName,
  type Runnable,
  type RunMode,
  type SignatureValue,
  stateName,
  STEPS,
} from "../program/runnable.js";
import { verify } from "./outside-programs.js";

type Entry = Readonly<Record<string, unknown>>;

/** What was expected of a value, or null where it is that. */
type Check = (value: unknown) => string | null;

const is =
  (expected: string, test: (value: unknown) => boolean): Check =>
  (value) =>
    test(value) ? null : expected;

const text = is("a text", (value) => typeof value === "string");
const flag = is("true or false", (value) => typeof value === "boolean");
const name = is(
  `a name of 1 to ${limits.name} letters, and not __proto__`,
  (value) =>
    typeof value === "string" && value !== "" && value !== "__proto__" && value.length <= limits.name,
);
const axis = is(
  "null or the name of a time axis, and not batch",
  (value) => value === null || (typeof value === "string" && isAxisName(value) && value !== "batch"),
);
const shape = is(
  `a list of sizes, of ${limits.elements} elements at most`,
  (value) =>
    Array.isArray(value) &&
    value.length <= limits.axes - 3 &&
    value.every((size) => size !== 0) &&
    boundedSize(value as number[]) >= 0,
);
const oneOf = (...choices: readonly string[]): Check =>
  is(`one of ${choices.join(", ")}`, (value) => choices.includes(value as string));
const maybe =
  (check: Check, none: unknown): Check =>
  (value) =>
    value === none ? null : check(value);
const ids = is("Infinity, or a whole number of at least 1", (value) =>
  value === Infinity ? true : Number.isInteger(value) && (value as number) > 0,
);

const count = is("a whole number of at least 1", (value) => Number.isInteger(value) && (value as number) > 0);

const dtype = oneOf("float32", "int32", "bool");
const value = { name, dtype, axis, shape };
const lists = {
  inputs: {
    least: 1,
    fields: { ...value, dtype: oneOf("float32", "int32"), ids, longest: maybe(count, undefined) },
    called: ["name"],
  },
  outputs: { least: 1, fields: value, called: ["name"] },
  states: {
    least: 0,
    fields: { layer: name, part: name, dtype, shape, given: flag },
    called: ["layer", "part"],
  },
  weights: { least: 0, fields: { name, shape }, called: ["name"] },
} as const;
const fields = {
  name: text,
  identity: maybe(text, undefined),
  mayBeEmpty: flag,
  stride: maybe(count, undefined),
  whyNotSteppable: maybe(text, null),
  program: is("a function from a mode to its program", (given) => typeof given === "function"),
} as const;

function refuse(place: string, expected: string, got: unknown): never {
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected,
    got: shown(got),
    cure: "see Runnable: what its signature says is what runs are fed and return",
    details: { place, expected },
  });
}

function checkAll(place: string, given: Entry, all: Readonly<Record<string, Check>>): void {
  for (const [key, check] of Object.entries(all)) {
    const expected = check(given[key]);
    if (expected !== null) refuse(`${place}.${key}`, expected, given[key]);
  }
}

/** One list of a signature, copied. */
function checkedList(place: string, given: unknown, of: keyof typeof lists): readonly Entry[] {
  const { least, fields, called } = lists[of];
  if (!Array.isArray(given) || given.length < least || given.length > limits.list)
    refuse(`${place}.${of}`, `a list of ${least} to ${limits.list}`, given);
  const names = new Set<string>();
  return Array.from(given as readonly unknown[], (entry, k) => {
    const at = `${place}.${of}[${k}]`;
    if (typeof entry !== "object" || entry === null)
      refuse(at, `an object with ${Object.keys(fields).join(", ")}`, entry);
    checkAll(at, entry as Entry, fields);
    const own = called.map((key) => (entry as Entry)[key]).join(".");
    if (names.has(own)) refuse(at, "a name used once", own);
    names.add(own);
    return Object.fromEntries(
      Object.keys(fields).map((key) => {
        const item = (entry as Entry)[key];
        return [key, Array.isArray(item) ? [...(item as unknown[])] : item];
      }),
    );
  });
}

/**
 * A runnable from outside whose signature holds together, and whose programs are verified and are those of
 * the signature, each when it is asked for. What the signature says is copied. A part of a kit.
 *
 * @throws UNROLL_ARGUMENT naming the part of the signature, what was expected and what came; its `program`
 *   throws UNROLL_PROGRAM too, and what verifying throws
 */
export function runnables(given: Runnable): Runnable {
  const place = `runnable ${shown(given.name)}`;
  checkAll(place, given as unknown as Entry, fields);
  // A state cut within a stride belongs to no model, which nothing shows where models are not told apart.
  if (given.stride !== undefined && given.identity === undefined)
    refuse(`${place} identity`, "a text, beside a stride", undefined);
  const list = <K extends keyof typeof lists>(of: K): Runnable[K] =>
    checkedList(place, given[of], of) as unknown as Runnable[K];
  const own: Runnable = {
    format: "unroll.runnable",
    name: given.name,
    inputs: list("inputs"),
    outputs: list("outputs"),
    states: list("states"),
    ...(given.identity !== undefined && { identity: given.identity }),
    weights: list("weights"),
    mayBeEmpty: given.mayBeEmpty,
    ...(given.stride !== undefined && { stride: given.stride }),
    whyNotSteppable: given.whyNotSteppable,
    program(how) {
      const program = given.program(how);
      verify(program);
      checkSignature(`${place} program of a ${how.mode}`, own, how, program);
      return program;
    },
  };
  return own;
}

/** Leading axes of a value in a program of a mode. */
function leading(along: string | null, { mode, timeMajor }: RunMode): readonly string[] {
  if (along === null || (mode === "step" && along === STEPS)) return ["batch"];
  return timeMajor ? [along, "batch"] : ["batch", along];
}

/** A value's type as text; its time axis may have a length of its own where a program makes it. */
const typeText = (dtype: string, shape: readonly (string | number)[]): string =>
  `${dtype} [${shape.join(", ")}]`;

/** Checks that a program takes and returns what the signature says. @throws UNROLL_PROGRAM */
function checkSignature(place: string, runnable: Runnable, how: RunMode, program: Program): void {
  const { inputs, outputs, states, weights } = runnable;
  const typed = ({ name, dtype, axis, shape }: SignatureValue): [string, string] => [
    name,
    typeText(dtype, [...leading(axis, how), ...shape]),
  ];
  const state = ({ layer, part, dtype, shape }: Runnable["states"][number]): [string, string] => [
    stateName(layer, part),
    typeText(dtype, ["batch", ...shape]),
  ];
  const ends = Object.entries(how.extents ?? {}).map(([along, kind]): [string, string] => [
    rowEndsName(along, kind),
    kind === "lengths" ? "int32 [batch]" : typeText("bool", leading(along, how)),
  ]);
  const given = states.filter(({ given }) => given).map(state);
  same(`${place} inputs`, program.inputs, [...inputs.map(typed), ...ends, ...given]);
  const made = new Map(outputs.map((output) => [output.name, output]));
  const results = program.outputs.map((result) => {
    const axis = made.get(result.name)?.axis ?? null;
    const at = axis === null ? -1 : leading(axis, how).indexOf(axis);
    if (at < 0) return result;
    // A layer that makes an axis knows its length.
    return {
      ...result,
      type: { ...result.type, shape: result.type.shape.map((dim, k) => (k === at ? axis! : dim)) },
    };
  });
  same(`${place} outputs`, results, [...outputs.map(typed), ...states.map(state)]);
  const known = new Map(weights.map(({ name, shape }) => [name, typeText("float32", shape)]));
  const odd = program.params.find(({ name, type }) => known.get(name) !== typeText(type.dtype, type.shape));
  if (odd)
    mismatch(
      `${place} params`,
      `weights of the signature, "${odd.name}" ${known.get(odd.name) ?? "not among them"}`,
      typeText(odd.type.dtype, odd.type.shape),
    );
}

/** Compares names and types, whose first stands where a step looks for it. */
function same(place: string, given: readonly Named[], wanted: readonly (readonly [string, string])[]): void {
  const list = (all: readonly (readonly [string, string])[]): string =>
    all.map(([name, type]) => `${shown(name)} ${type}`).join(", ") || "none";
  const got = given.map(({ name, type }): [string, string] => [name, typeText(type.dtype, type.shape)]);
  if (list(got) !== list(wanted)) mismatch(place, list(wanted), list(got));
}

function mismatch(place: string, expected: string, got: string): never {
  throw unrollError({
    code: "UNROLL_PROGRAM",
    place,
    expected,
    got,
    cure: "make the program and the signature agree, names and order too",
    details: { place, expected, got },
  });
}
