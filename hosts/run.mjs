// The host matrix: every package packed and installed outside the repository, then run in each host.
//
//   npm run build && npm run test:hosts [-- --quick]
//
// `--quick` takes only the hosts that the repository has anyway. Prints a table; exits 1 when a host is red.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { consumer, expectedLine, typed } from "./consumer.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const own = join(root, "hosts/node_modules");
const quick = process.argv.includes("--quick");
const project = mkdtempSync(join(tmpdir(), "unroll-hosts-"));
const rows = [];

/** Runs a program in the project. @returns its output @throws with what it said */
function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: project,
    encoding: "utf8",
    timeout: 120_000,
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`exit ${status}: ${(stderr || stdout).trim().slice(-400)}`);
  return stdout.trim();
}

/** One row of the table: green when `work` returns `expectedLine`, or nothing where there is no number. */
async function host(name, version, ran, work) {
  let reason = "";
  try {
    const line = await work();
    if (line !== undefined && line !== expectedLine) reason = `expected ${expectedLine}, got ${line}`;
  } catch (error) {
    reason = error.message.replace(/\s+/g, " ").slice(0, 400);
  }
  rows.push({ name, version, ran, reason });
  console.log(`${reason ? "RED  " : "green"} ${name.padEnd(26)} ${version.padEnd(12)} ${ran} ${reason}`);
}

const versionIn = (folder, name) =>
  JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).version;

// Packed and unpacked as npm does it; the packages have few dependencies, which the repository has.
const modules = join(project, "node_modules");
const folders = ["packages/api", "packages/adapter-tfjs", "packages/adapter-onnx"];
for (const folder of folders) {
  const { name } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const out = mkdtempSync(join(project, "tarball-"));
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", out], {
    cwd: join(root, folder),
    stdio: ["ignore", "ignore", "inherit"],
  });
  mkdirSync(join(modules, name), { recursive: true });
  const tarball = join(out, readdirSync(out)[0]);
  execFileSync("tar", ["-xzf", tarball, "-C", join(modules, name), "--strip-components=1"]);
}
cpSync(join(root, "fixtures/models/charlm"), join(project, "charlm"), { recursive: true });
for (const [file, text] of Object.entries(consumer)) writeFileSync(join(project, file), text);

// Nothing but the packages: a page with none of the engines installed.
for (const [file, text] of Object.entries(typed)) writeFileSync(join(project, file), text);
const tsc = (bin, name) =>
  host(
    name,
    versionIn(join(bin, "../../.."), bin.includes(own) ? "typescript54" : "typescript"),
    "types",
    () => {
      for (const [module, resolution] of [
        ["node16", "node16"],
        ["nodenext", "nodenext"],
        ["esnext", "bundler"],
      ])
        for (const lib of ["es2022", "es2022,dom"])
          run(process.execPath, [
            bin,
            ...["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022"],
            ...["--module", module, "--moduleResolution", resolution, "--lib", lib],
            ...(module === "esnext" ? ["typed.mts"] : ["typed.mts", "typed.cts"]),
          ]);
    },
  );
await tsc(join(root, "node_modules/typescript/bin/tsc"), "TypeScript");

const bundled = async (folder, work) => {
  await work(join(project, folder));
  return run(process.execPath, [join(project, folder, "page.js")]);
};
await host("esbuild, no engine", versionIn(join(root, "node_modules"), "esbuild"), "bundle, run", () =>
  bundled("esbuild", async (out) => {
    const { warnings } = await esbuild({
      entryPoints: [join(project, "page.mjs")],
      bundle: true,
      format: "esm",
      platform: "browser",
      outfile: join(out, "page.js"),
      logLevel: "silent",
    });
    if (warnings.length > 0) throw new Error(warnings[0].text);
    writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  }),
);
await host("Vite, no engine", versionIn(join(root, "node_modules"), "vite"), "bundle, run", () =>
  bundled("vite", async (out) => {
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
        target: "es2022",
        lib: { entry: "page.mjs", formats: ["es"], fileName: () => "page.js" },
      },
    });
    if (said.length > 0) throw new Error(said[0]);
    writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  }),
);

// From here on with the engines that the repository has.
for (const name of ["onnxruntime-web", "onnxruntime-node", "onnxruntime-common", "@tensorflow", "@bufbuild"])
  if (existsSync(join(root, "node_modules", name)))
    symlinkSync(join(root, "node_modules", name), join(modules, name));
const node = (binary, name) => {
  const version = run(binary, ["--version"]).slice(1);
  return [
    ["ESM", "node.mjs"],
    ["CommonJS", "node.cjs"],
  ].reduce(
    (before, [form, file]) =>
      before.then(() => host(`${name} ${form}`, version, "builtin, onnx by file", () => run(binary, [file]))),
    Promise.resolve(),
  );
};
await node(process.execPath, "Node");

if (!quick) {
  if (!existsSync(own))
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], {
      cwd: join(root, "hosts"),
      stdio: "inherit",
    });
  const require = createRequire(join(own, "x.js"));
  await tsc(join(own, "typescript54/bin/tsc"), "TypeScript, the least");
  for (const name of ["node22", "node24"]) await node(join(own, name, "bin/node"), name);
  await host("webpack, no engine", versionIn(own, "webpack"), "bundle, run", () =>
    bundled("webpack", async (out) => {
      const webpack = require("webpack");
      const stats = await new Promise((resolve, reject) =>
        webpack(
          {
            context: project,
            entry: "./page.mjs",
            mode: "production",
            target: ["web", "es2022"],
            performance: false,
            experiments: { outputModule: true },
            output: { path: out, filename: "page.js", module: true },
          },
          (error, done) => (error ? reject(error) : resolve(done)),
        ),
      );
      const { warnings, errors } = stats.toJson();
      if (warnings.length + errors.length > 0) throw new Error([...errors, ...warnings][0].message);
      writeFileSync(join(out, "package.json"), '{ "type": "module" }');
    }),
  );
  await host("Bun", versionIn(own, "bun"), "builtin", () => run(join(own, "bun/bin/bun.exe"), ["plain.mjs"]));
  await host("Deno", versionIn(own, "deno"), "builtin", () => {
    const program = ["deno", "deno.exe"].map((file) => join(own, "deno", file)).find(existsSync);
    return run(program ?? join(own, ".bin/deno"), ["run", "-A", "--node-modules-dir=manual", "plain.mjs"]);
  });
  await host("workerd", versionIn(own, "workerd"), "builtin, request", async () => {
    const { Miniflare } = require("miniflare");
    const script = readFileSync(join(project, "esbuild/page.js"), "utf8").replace(/^await main.*$/m, "");
    const worker = new Miniflare({
      modules: true,
      compatibilityDate: "2026-01-01",
      script: `${script}\nexport default { fetch: async () => new Response(await globalThis.main()) };`,
    });
    try {
      return await (await worker.dispatchFetch("http://localhost/")).text();
    } finally {
      await worker.dispose();
    }
  });
}
rmSync(project, { recursive: true });
const red = rows.filter(({ reason }) => reason !== "");
console.log(`${rows.length - red.length} green, ${red.length} red`);
process.exitCode = red.length > 0 ? 1 : 0;
