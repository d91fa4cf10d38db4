import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { assertProgramForm } from "./form.js";
import type { AttrValue, Program } from "../contract/program.js";
import type { CompositeCheck } from "./check-composite.js";
import { verify } from "./verify.js";

/**
 * A program from its JSON text, verified. `JSON.stringify` gives the text, as a program is plain data; only
 * numbers that JSON can't write (NaN, infinities, -0 in constants) need `programToJson`.
 *
 * @throws UNROLL_FORMAT for other JSON, UNROLL_PROGRAM for a program that does not hold together
 */
export function programFromJson(text: string, composite?: CompositeCheck): Program {
  const value = parsed(text);
  assertProgramForm(value, "program");
  verify(value, composite);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (key, item: unknown) =>
      key === "value" && Array.isArray(item)
        ? item.map((v: unknown) => (typeof v === "string" ? Number(v) : v))
        : item,
    ) as unknown;
  } catch (cause) {
    // No JSON, or nested so deep that it can't be read.
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: "programFromJson",
      expected: "JSON of a program",
      got: shown((cause as Error).message),
      cure: "pass what programToJson returned",
      cause,
    });
  }
}

/** The JSON text of a program; `programFromJson` gives back an equal one. */
export function programToJson(program: Program): string {
  return JSON.stringify(program, (key, item: AttrValue) =>
    key === "value" && Array.isArray(item)
      ? item.map((v) =>
          typeof v === "number" && (!Number.isFinite(v) || Object.is(v, -0))
            ? Object.is(v, -0)
              ? "-0"
              : String(v)
            : v,
        )
      : item,
  );
}

/**
 * A stable 64-bit hash of what a program computes, as 16 hex digits: equal for equal programs on every
 * machine, without regard to the program's name or the order of object keys. FNV-1a over a canonical text;
 * for caches, not for security.
 */
export function programHash(program: Program): string {
  const canonical = JSON.stringify(
    JSON.parse(programToJson({ ...program, name: "" })),
    (_key, item: unknown) =>
      typeof item === "object" && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
        : item,
  );
  let hash = 0xcbf29ce484222325n;
  for (let k = 0; k < canonical.length; k++)
    hash = BigInt.asUintN(64, (hash ^ BigInt(canonical.charCodeAt(k))) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}
