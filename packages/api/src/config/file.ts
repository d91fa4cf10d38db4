import { unrollError } from "../contract/error.js";
import type { Adapter } from "../contract/adapter.js";
import { nearest } from "../contract/nearest.js";

/** What `unroll.config.{json,js,ts}` may hold. */
export interface Config {
  /** An adapter's name; in js and ts also an adapter value. Default `builtin`. */
  readonly adapter?: string | Adapter;
  /** Where a named adapter computes. Default: the adapter's own. */
  readonly device?: string;
}

/** Every key that a configuration file may have; another is refused. */
export const configKeys = ["adapter", "device"] as const;

const fileNames = ["unroll.config.ts", "unroll.config.js", "unroll.config.json"] as const;

/**
 * Reads the configuration file of a folder: its `path`, and the `config` that it holds.
 *
 * @returns the configuration and its path, or null when the folder has none
 * @throws UNROLL_CONFIG for two files, a file that can't be read, or an unknown key
 */
export async function readConfig(folder: string): Promise<{ path: string; config: Config } | null> {
  const [{ access, readFile }, { join }, { pathToFileURL }] = await Promise.all([
    import("node:fs/promises"),
    import("node:path"),
    import("node:url"),
  ]);
  const found: string[] = [];
  for (const name of fileNames) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      found.push(path);
  }
  const path = found[0];
  if (path === undefined) return null;
  if (found.length > 1)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `configuration in ${folder}`,
      expected: "one file",
      got: found.map((p) => p.slice(folder.length + 1)).join(" and "),
      cure: "keep one of them",
      details: { found },
    });
  const value = path.endsWith(".json")
    ? parse(path, await readFile(path, "utf8"))
    : path.endsWith(".ts")
      ? await viaJiti(path)
      : ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  return { path, config: check(path, value) };
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: path,
      expected: "JSON",
      got: (cause as Error).message,
      cure: "mend the file",
      details: { path },
      cause,
    });
  }
}

async function viaJiti(path: string): Promise<unknown> {
  let jiti: {
    createJiti(base: string): { import(path: string, options: { default: true }): Promise<unknown> };
  };
  try {
    jiti = (await import("jiti" as string)) as typeof jiti;
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: path,
      expected: "package jiti to read TypeScript",
      got: "none installed",
      cure: "npm install jiti, or write the file in JSON",
      details: { package: "jiti" },
      cause,
    });
  }
  return jiti.createJiti(path).import(path, { default: true });
}

function check(path: string, value: unknown): Config {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: path,
      expected: `an object${path.endsWith(".json") ? "" : " as default export"}`,
      got: value === null ? "null" : typeof value,
      cure: 'e.g. { "adapter": "onnx", "device": "wasm" }',
      details: { path },
    });
  }
  for (const key of Object.keys(value)) {
    if (!(configKeys as readonly string[]).includes(key))
      throw unrollError({
        code: "UNROLL_CONFIG",
        place: `${path} key "${key}"`,
        expected: `one of ${configKeys.join(", ")}`,
        got: "an unknown key",
        cure: `did you mean "${nearest(key, configKeys)}"?`,
        details: { path, key },
      });
  }
  const { device } = value as Config;
  if (device !== undefined && typeof device !== "string")
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${path} key "device"`,
      expected: "a string",
      got: typeof device,
      cure: 'e.g. "wasm"',
      details: { path },
    });
  return value;
}
