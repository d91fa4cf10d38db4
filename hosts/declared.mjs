// Whether what a package imports is what its manifest declares: each one alone, with that and nothing else.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { link, outside, root, run, shared, unpack } from "./matrix.mjs";

const manifestIn = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const workspaceOf = new Map(
  manifestIn(root).workspaces.map((folder) => [manifestIn(join(root, folder)).name, folder]),
);
/** Workspaces that are published, by their package's name. */
export const packages = [...workspaceOf.keys()];

/** Dependencies, and the peers that are not optional. */
function neededBy({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  return [...Object.keys(dependencies), ...peers];
}

/** A package with what it needs in a folder of its own, so that nobody sees what another one declares. */
function place(name, modules) {
  const target = unpack(workspaceOf.get(name), modules);
  const nested = join(target, "node_modules");
  for (const needed of neededBy(manifestIn(target)))
    if (workspaceOf.has(needed)) place(needed, nested);
    else {
      const nearest = join(root, workspaceOf.get(name), "node_modules");
      link(needed, nested, existsSync(join(nearest, needed)) ? nearest : shared);
    }
  return target;
}

const packageOf = (specifier) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Packages that the files of `target` import by name without declaring them. */
async function undeclaredIn(target) {
  const manifest = manifestIn(target);
  const declared = new Set([
    manifest.name,
    ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    ...builtinModules,
  ]);
  const { metafile } = await build({
    absWorkingDir: target,
    entryPoints: readdirSync(join(target, "dist"), { recursive: true })
      .filter((file) => /\.c?js$/.test(file))
      .map((file) => ({ in: `./dist/${file}`, out: file })),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
    outdir: "none",
    logLevel: "silent",
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  const declarations = readdirSync(join(target, "dist"))
    .filter((file) => /\.d\.c?ts$/.test(file))
    .map((file) => readFileSync(join(target, "dist", file), "utf8"))
    .join("\n");
  const types = declarations
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .matchAll(/(?:from |import\()['"]([^.'"][^'"]*)/g);
  const names = [
    ...imported.filter(({ external, path }) => external && path !== "<runtime>").map(({ path }) => path),
    ...[...types].map(([, specifier]) => specifier),
  ];
  return [...new Set(names.filter((path) => !path.startsWith("node:")).map(packageOf))].filter(
    (name) => !declared.has(name),
  );
}

/**
 * Places one package alone and imports every entry of it, both ways; the command prints its help.
 *
 * @throws naming what it imports and does not declare
 */
export async function importAlone(name) {
  const folder = join(outside, `alone-${name.replace(/\W/g, "-")}`);
  mkdirSync(folder);
  const target = place(name, join(folder, "node_modules"));
  const undeclared = await undeclaredIn(target);
  if (undeclared.length > 0) throw new Error(`${name} imports ${undeclared.join(", ")} without declaring it`);
  const { exports, bin } = manifestIn(target);
  const entries = Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1));
  const all = JSON.stringify(entries);
  writeFileSync(join(folder, "import.mjs"), `for (const entry of ${all}) await import(entry);`);
  writeFileSync(join(folder, "require.cjs"), `for (const entry of ${all}) require(entry);`);
  for (const file of ["import.mjs", "require.cjs"]) run(process.execPath, [file], { cwd: folder });
  for (const file of Object.values(bin ?? {}))
    run(process.execPath, [join(target, file), "--help"], { cwd: folder });
}
