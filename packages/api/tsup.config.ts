import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { defineConfig, type Options } from "tsup";
import { entriesOf } from "../../scripts/entry-points.mjs";

// Where there is no Node, package.json has another file for `@unroll/api/config`.
const entry: Record<string, string> = { ...entriesOf("@unroll/api"), "config-page": "src/config/page.ts" };

/**
 * Puts the modules of `@unroll/api` into two files, as each file that a fresh process opens costs it about a
 * millisecond. esbuild makes a file for every set of entries that reach a module: here all entries reach all
 * of them, but for `adapter`, which adapters import and which needs a third, and what is imported when a
 * runnable comes, which needs a fourth.
 */
const fewFiles: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "few-files",
  setup({ onLoad }) {
    const reaching = Object.keys(entry)
      .filter((name) => name !== "index" && name !== "adapter")
      .map((name) => resolve(entry[name]!));
    const index = JSON.stringify(resolve("src/index.ts"));
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!reaching.includes(path)) return undefined;
      // At the end, so that source maps keep their lines.
      const contents = `${await readFile(path, "utf8")}\nimport * as allOfIndex from ${index};\n`;
      return { contents, loader: "ts", resolveDir: dirname(path) };
    });
  },
};

/** Everything as it is in src/, a file a module, so that bundlers leave out what a page does not use. */
const modules: Options = {
  entry: ["src/**/*.ts", "!src/**/*.test.ts"],
  outDir: "dist/modules",
  format: "esm",
  bundle: false,
  target: "es2022",
};

const packaged: Options = {
  entry,
  format: ["esm", "cjs"],
  // Symbol.dispose is in no ES20xx library; TypeScript has this one, and a page need not name it.
  dts: { entry: entriesOf("@unroll/api"), banner: '/// <reference lib="esnext.disposable" />' },
  sourcemap: true,
  // Entries share chunks, so that an error class or a State is the same one whichever entry made it.
  splitting: true,
  shims: true,
  target: "es2022",
  external: [/^@unroll\/adapter-/, /^@tensorflow\//, /^onnxruntime-/, "jiti"],
  esbuildPlugins: [fewFiles],
};

export default defineConfig([packaged, modules]);
