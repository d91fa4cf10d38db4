// Builds a page's module for browsers, by each bundler; a warning is an error.
import { createRequire } from "node:module";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { build as buildByEsbuild } from "esbuild";
import { own, project } from "./matrix.mjs";

async function esbuild(entry, out) {
  const { warnings } = await buildByEsbuild({
    entryPoints: { page: join(project, entry) },
    bundle: true,
    format: "esm",
    splitting: true,
    platform: "browser",
    outdir: out,
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(warnings[0].text);
}

async function vite(entry, out) {
  const { build } = await import("vite");
  const said = [];
  const note = (text) => said.push(text);
  await build({
    root: project,
    configFile: false,
    logLevel: "warn",
    customLogger: {
      info() {},
      warn: note,
      warnOnce: note,
      error: note,
      clearScreen() {},
      hasWarned: false,
      hasErrorLogged: () => false,
    },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2022",
      // How long a plugin took says nothing of what it built.
      rolldownOptions: { checks: { pluginTimings: false } },
      lib: { entry, formats: ["es"], fileName: () => "page.js" },
    },
  });
  if (said.length > 0) throw new Error(said[0]);
}

async function webpack(entry, out) {
  const bundler = createRequire(join(own, "x.js"))("webpack");
  const stats = await new Promise((resolve, reject) =>
    bundler(
      {
        context: project,
        entry: `./${entry}`,
        mode: "production",
        target: ["web", "es2022"],
        performance: false,
        experiments: { outputModule: true },
        output: { path: out, filename: "page.js", module: true, chunkFormat: "module" },
      },
      (error, done) => (error ? reject(error) : resolve(done)),
    ),
  );
  const { warnings, errors } = stats.toJson();
  if (warnings.length + errors.length > 0) throw new Error([...errors, ...warnings][0].message);
}

const bundlers = { esbuild, vite, webpack };

/** Builds a module of the project. @returns the folder with `page.js` */
export async function bundle(bundler, entry) {
  const out = join(project, `${bundler}-${entry.replace(/\W/g, "-")}`);
  await bundlers[bundler](entry, out);
  writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  return out;
}
