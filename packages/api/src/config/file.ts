import { unrollError } from "../contract/error.js";
import { choiceOf, type Config, configKeys, refuseUnknownKeys } from "./choice.js";

const extensions = ["ts", "mts", "cts", "js", "mjs", "cjs", "json"] as const;

/** The names that a configuration file may have. */
export const configFiles = extensions.map((extension) => `unroll.config.${extension}`);

/** A configuration and the file that it stands in. */
export interface FoundConfig {
  /** Of the file. */
  readonly path: string;
  /** What it says. */
  readonly config: Config;
}

/**
 * Reads the configuration file that governs a folder: its own, or that of the nearest folder above it that
 * has one.
 *
 * @returns the configuration and its path, or null when there is none up to the root
 * @throws UNROLL_CONFIG for two files in one folder, a file that can't be read, or an unknown key
 */
export async function readConfig(folder: string = process.cwd()): Promise<FoundConfig | null> {
  const [{ existsSync }, { readFile }, { dirname, join, resolve }] = await Promise.all([
    import("node:fs"),
    import("node:fs/promises"),
    import("node:path"),
  ]);
  let at = resolve(folder);
  let found = configFiles.filter((name) => existsSync(join(at, name)));
  while (found.length === 0) {
    if (dirname(at) === at) return null;
    at = dirname(at);
    found = configFiles.filter((name) => existsSync(join(at, name)));
  }
  const path = join(at, found[0]!);
  if (found.length > 1)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `configuration in ${at}`,
      expected: "one file",
      got: found.join(" and "),
      cure: "keep one of them",
      details: { found: found.map((name) => join(at, name)) },
    });
  const value = path.endsWith(".json")
    ? parse(path, await readFile(path, "utf8"))
    : path.endsWith("ts")
      ? await viaJiti(path)
      : await imported(path);
  return { path, config: check(path, value) };
}

/** What a module of the project exports by default. */
async function imported(path: string): Promise<unknown> {
  const { pathToFileURL } = await import("node:url");
  // An import of the CommonJS build is a require, which takes a path and no URL.
  const specifier = typeof exports === "undefined" ? pathToFileURL(path).href : path;
  const module = (await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as object;
  return (module as { default?: unknown }).default;
}

/** JSON, with or without the byte order mark that some editors write. */
function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
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
  const name: string = "jiti";
  let jiti: {
    createJiti(base: string): { import(path: string, options: { default: true }): Promise<unknown> };
  };
  try {
    jiti = (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as typeof jiti;
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
      got: value === null ? "null" : Array.isArray(value) ? "an array" : typeof value,
      cure: 'e.g. { "adapter": "onnx", "device": "wasm" }',
      details: { path },
    });
  }
  refuseUnknownKeys(`${path} key`, value, configKeys);
  choiceOf(path, value);
  return value;
}
