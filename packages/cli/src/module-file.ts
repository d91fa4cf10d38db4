import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { unrollError } from "@unroll/api";
import type { Io } from "./io.js";

/**
 * What a module of the user's exports: a path, TypeScript too, or an installed package.
 *
 * @param cure what to give instead of one that does not load
 * @throws UNROLL_CONFIG for a module that is not there or does not load
 */
export async function loadModule(
  name: string,
  io: Io,
  cure: string,
): Promise<Readonly<Record<string, unknown>>> {
  const path = /^\.{0,2}\//.test(name) || /\.[cm]?[jt]s$/.test(name) ? resolve(io.cwd, name) : null;
  try {
    if (path?.endsWith("ts")) {
      const { createJiti } = await import("jiti");
      return await createJiti(import.meta.url).import(path);
    }
    // A package is looked up where the user is, not where this command is installed.
    return (await import(
      pathToFileURL(path ?? createRequire(resolve(io.cwd, "package.json")).resolve(name)).href
    )) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `module "${name}"`,
      expected: "a module that loads",
      got: `"${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}"`,
      cure,
      details: { name },
      cause,
    });
  }
}
