import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { unrollError } from "@unroll/api";
import type { Io } from "./io.js";

/** Reads a file that the user named. @throws UNROLL_FORMAT with the system's reason */
export async function readBytes(io: Io, path: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(io.cwd, path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: `file "${path}"`,
      expected: "a file that can be read",
      got: code === "ENOENT" ? "none there" : code === "EISDIR" ? "a folder" : String(code),
      cure: "check the path",
      details: { path },
      cause,
    });
  }
}

/** Reads a JSON file whose top level is an object. @throws UNROLL_FORMAT */
export async function readJson(io: Io, path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = new TextDecoder().decode(await readBytes(io, path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: `file "${path}"`,
      expected: "JSON",
      got: cause instanceof Error ? cause.message : String(cause),
      cure: "check that it is whole",
      details: { path },
      cause,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: `file "${path}"`,
      expected: "a JSON object",
      got: Array.isArray(value) ? "a list" : String(value),
      cure: "check the file",
      details: { path },
    });
  return value as Readonly<Record<string, unknown>>;
}
