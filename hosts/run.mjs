// The host matrix: every package packed and installed outside the repository, then run in each host.
//
//   npm run build && npm run test:hosts [-- --quick | --browser]
//
// `--quick` takes only the hosts that the repository has anyway, and `--browser` only Chromium. Prints a
// table; exits 1 when a host is red.
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundlers.mjs";
import { openChromium } from "./chromium.mjs";
import { importAlone, packages } from "./declared.mjs";
import { byImportMap, inModuleWorker, inNodeThread } from "./modules.mjs";
import { inNext } from "./next.mjs";
import { swapInChromium, swapInNode } from "./swap.mjs";
import { builtinInWorkerd, onnxInWorkerd } from "./workerd.mjs";
import {
  fillProject,
  host,
  installHosts,
  link,
  outside,
  own,
  project,
  root,
  rows,
  run,
  shared,
  versionIn,
} from "./matrix.mjs";

const inBrowser = process.argv.includes("--browser");
const quick = process.argv.includes("--quick");
const whole = !quick && !inBrowser;
const modules = join(project, "node_modules");
fillProject();

// Nothing but the packages: a page with none of the engines installed.
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
if (!inBrowser) await tsc(join(root, "node_modules/typescript/bin/tsc"), "TypeScript");

const bundled = async (bundler) =>
  run(process.execPath, [join(await bundle(bundler, "page.mjs"), "page.js")]);
if (whole) installHosts();
const bundlers = [
  ["esbuild", "esbuild", shared],
  ["Vite", "vite", shared],
  ...(whole ? [["webpack", "webpack", own]] : []),
];
if (!inBrowser) {
  for (const [title, name, folder] of bundlers) {
    await host(`${title}, no engine`, versionIn(folder, name), "bundle, run", () => bundled(name));
    await host(`${title}, swap, none given`, versionIn(folder, name), "builtin, else an error", () =>
      swapInNode(name, "none"),
    );
  }
  for (const name of packages)
    await host(name, versionIn(shared, name), "alone, every entry", () => importAlone(name));
  await host("Node, worker_threads", process.versions.node, "builtin", inNodeThread);
}

// From here on with the engines that the repository has.
for (const name of ["onnxruntime-web", "onnxruntime-node", "onnxruntime-common", "@tensorflow", "@bufbuild"])
  if (existsSync(join(shared, name))) link(name, modules);
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
if (!inBrowser) await node(process.execPath, "Node");

if (!quick) {
  const browser = await openChromium().catch(({ message }) => message);
  const version = typeof browser === "string" ? "missing" : browser.version();
  const page = (name, ran, work) =>
    host(`Chromium, ${name}`, version, ran, () => {
      if (typeof browser === "string") throw new Error(browser);
      return work(browser);
    });
  await page("import map", "builtin, packed files", byImportMap);
  await page("module worker", "builtin", inModuleWorker);
  if (!existsSync(join(project, "ort")))
    symlinkSync(join(shared, "onnxruntime-web/dist"), join(project, "ort"));
  for (const [title, name] of bundlers)
    for (const engine of ["tfjs", "onnx"])
      await page(`${title}, ${engine} given`, "swapped by configuration", () =>
        swapInChromium(browser, name, engine),
      );
  if (whole)
    for (const given of ["none", "tfjs"])
      await host(`Next, ${given} given`, versionIn(own, "next"), "client, route on Node, on edge", () => {
        if (typeof browser === "string") throw new Error(browser);
        return inNext(browser, given);
      });
  if (typeof browser !== "string") await browser.close();
}

if (whole) {
  await tsc(join(own, "typescript54/bin/tsc"), "TypeScript, the least");
  for (const name of ["node22", "node24"]) await node(join(own, name, "bin/node"), name);
  await host("Bun", versionIn(own, "bun"), "builtin", () => run(join(own, "bun/bin/bun.exe"), ["plain.mjs"]));
  await host("Deno", versionIn(own, "deno"), "builtin", () => {
    const program = ["deno", "deno.exe"].map((file) => join(own, "deno", file)).find(existsSync);
    return run(program ?? join(own, ".bin/deno"), ["run", "-A", "--node-modules-dir=manual", "plain.mjs"]);
  });
  const workerd = versionIn(own, "workerd");
  await host("workerd", workerd, "builtin, request", builtinInWorkerd);
  await host("workerd, onnxruntime-web", workerd, "onnx, compiled module given", onnxInWorkerd);
}
rmSync(outside, { recursive: true });
const red = rows.filter(({ reason }) => reason !== "");
console.log(`${rows.length - red.length} green, ${red.length} red`);
process.exitCode = red.length > 0 ? 1 : 0;
