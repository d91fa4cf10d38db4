import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

const bundle = (entry: string) =>
  build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
    // Where nothing is installed, what is imported by name is missing.
    plugins: [
      {
        name: "nothing-installed",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === "entry-point" ? undefined : { errors: [{ text: `${path} is not installed` }] },
          ),
      },
    ],
  });

it.each(["page.ts", "../index.ts", "../core.ts", "../weights.ts", "../adapter.ts"])(
  "%s is bundled for a page where no other package is installed, without a warning",
  async (entry) => {
    const { warnings, outputFiles } = await bundle(entry);
    expect(warnings).toEqual([]);
    const code = outputFiles[0]!.text;
    // What follows `await` in an error's text is code to write, and runs nowhere.
    expect(code.match(/(?<!await )\bimport\(|\brequire\(|"node:|import\.meta/g)).toBeNull();
  },
);
