import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { unrollError } from "@unroll/api";
import type { Io } from "./io.js";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "none there",
  EISDIR: "a folder",
  EACCES: "no permission",
  EROFS: "a file system that is read-only",
  ENOTDIR: "a file where a folder should be",
  ENOSPC: "no space left (ENOSPC)",
  EPIPE: "a pipe that its reader has closed (EPIPE)",
};

/** The operating system's reason in words. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : (reasons[code] ?? code);
}

/** Reads a file that the user named. @throws UNROLL_FORMAT with the system's reason */
export async function readBytes(io: Io, path: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(io.cwd, path));
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: `file "${path}"`,
      expected: "a file that can be read",
      got: systemReason(cause),
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
