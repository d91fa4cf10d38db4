import { unrollError } from "../contract/error.js";
import { limits } from "../contract/limits.js";
import { shown } from "../contract/shown.js";
import type { AttrValue, Program } from "../contract/program.js";
import { isDim } from "./dim-arithmetic.js";
import { primitiveOf } from "./primitives.js";
import { attrKinds } from "./primitives/primitive.js";

/**
 * Checks one part of a program as it comes from JSON; returns what was expected there and the path, or null
 * where it fits.
 */
type Check = (value: unknown, path: string) => readonly [expected: string, path: string, got: unknown] | null;

const is =
  (expected: string, test: (value: unknown) => boolean): Check =>
  (value, path) =>
    test(value) ? null : [expected, path, value];
const text = is("a string", (value) => typeof value === "string");
const flag = is("true or false", (value) => typeof value === "boolean");
const count = is(
  "a whole number of at least 0",
  (value) => Number.isInteger(value) && (value as number) >= 0,
);
const dtype = is(
  "float32, int32 or bool",
  (value) => value === "float32" || value === "int32" || value === "bool",
);
const dim = is("a length, the name of an axis or what follows from such", isDim);

const listOf =
  (check: Check, length?: number): Check =>
  (value, path) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length))
      return [length === undefined ? "a list" : `a list of ${length}`, path, value];
    if (value.length > limits.list) return [`a list of at most ${limits.list}`, path, value.length];
    for (const [k, item] of value.entries()) {
      const problem = check(item, `${path}[${k}]`);
      if (problem) return problem;
    }
    return null;
  };
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return [`an object with ${Object.keys(fields).join(", ")}`, path, value];
    for (const [key, check] of Object.entries(fields)) {
      const problem = check((value as Record<string, unknown>)[key], `${path}.${key}`);
      if (problem) return problem;
    }
    return null;
  };

/** Attributes of a primitive, as its record has them; `verify` says which primitives there are. */
const attrsOf =
  (op: unknown): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return ["an object of attributes", path, value];
    const kinds = (typeof op === "string" ? primitiveOf(op)?.attrs : undefined) ?? {};
    for (const [key, item] of Object.entries(value)) {
      if (!Object.hasOwn(kinds, key)) continue;
      const [expected, fits] = attrKinds[kinds[key]!];
      if (!fits(item as AttrValue)) return [expected, `${path}.${key}`, item];
    }
    return null;
  };
/** What a composite's attribute may hold: plain values, and lists of them. */
const plain = (value: unknown): boolean =>
  value === null || ["boolean", "number", "string"].includes(typeof value);
const anything: Check = (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return ["an object", path, value];
  for (const [key, item] of Object.entries(value))
    if (!plain(item) && !(Array.isArray(item) && item.length <= limits.constants && item.every(plain)))
      return ["a plain value or a list of them", `${path}.${key}`, item];
  return null;
};

const type = record({ dtype, shape: listOf(dim) });
const typed = record({ id: text, type });
const named = record({ name: text, id: text, type });
const ids = listOf(text);
// How deep the check is within bodies; it ends where it began, as nothing in it throws.
let depth = 0;
const region: Check = (value, path) => {
  if (depth >= limits.bodies) return [`at most ${limits.bodies} bodies within each other`, path, "more"];
  depth++;
  try {
    return record({ inputs: listOf(typed), nodes: listOf(node), outputs: ids })(value, path);
  } finally {
    depth--;
  }
};

const nodes: Readonly<Record<string, Check>> = {
  primitive: (value, path) =>
    record({
      op: text,
      inputs: ids,
      attrs: attrsOf((value as { op?: unknown }).op),
      outputs: listOf(typed, 1),
    })(value, path),
  scan: record({
    inputs: ids,
    carries: count,
    sequences: count,
    reverse: flag,
    body: region,
    outputs: listOf(typed),
  }),
  composite: record({
    op: text,
    inputNames: ids,
    inputs: ids,
    attrs: anything,
    body: region,
    outputNames: ids,
    outputs: listOf(typed),
  }),
};
function node(value: unknown, path: string): ReturnType<Check> {
  const kind = typeof value === "object" && value !== null ? (value as { kind?: unknown }).kind : undefined;
  return typeof kind === "string" && Object.hasOwn(nodes, kind)
    ? nodes[kind]!(value, path)
    : [`a node of kind ${Object.keys(nodes).join(", ")}`, path, value];
}

const program = record({
  format: is('"unroll.program"', (value) => value === "unroll.program"),
  version: is("1", (value) => value === 1),
  name: text,
  params: listOf(named),
  inputs: listOf(named),
  nodes: listOf(node),
  outputs: listOf(named),
});

/**
 * Checks that a value has the form of a program, so that it can be read; `verify` then checks that it holds
 * together.
 *
 * @param path where the program stands, for the error
 * @throws UNROLL_FORMAT naming the path, what was expected and what came
 */
export function assertProgramForm(value: unknown, path: string): asserts value is Program {
  const problem = program(value, path);
  if (!problem) return;
  const [expected, at, got] = problem;
  throw unrollError({
    code: "UNROLL_FORMAT",
    place: at,
    expected: expected,
    got: shown(got),
    cure: "programs are made by a builder and written by programToJson",
    details: { path: at, expected },
  });
}
