// The table of hosts, and the project outside the repository that has the packages installed.
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { consumer, expectedLine, typed } from "./consumer.mjs";

/** The repository's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));
/** What the repository has installed. */
export const shared = join(root, "node_modules");
/** What only hosts need, installed by their own lock file. */
export const own = join(root, "hosts/node_modules");
/** A folder outside the repository, for projects that see nothing of each other. */
export const outside = mkdtempSync(join(tmpdir(), "unroll-hosts-"));
/** A project that has our packages, and no engine before one is linked. */
export const project = join(outside, "project");
/** Rows of the table so far. */
export const rows = [];

/** Runs a program in the project. @returns its output @throws with what it said */
export function run(program, args, options = {}) {
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
export async function host(name, version, ran, work) {
  let reason = "";
  const started = performance.now();
  try {
    const line = await work();
    if (line !== undefined && line !== expectedLine) reason = `expected ${expectedLine}, got ${line}`;
  } catch (error) {
    reason = error.message.replace(/\s+/g, " ").slice(0, 400);
  }
  rows.push({ name, reason });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const place = `${name.padEnd(29)} ${version.padEnd(14)} ${seconds.padStart(5)} s`;
  console.log(`${reason ? "RED  " : "green"} ${place}  ${ran} ${reason}`);
}

/** The version of an installed package; a row of one that could not be installed has none and is red. */
export function versionIn(folder, name) {
  try {
    return JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).version;
  } catch {
    return "missing";
  }
}

/**
 * Installs what only hosts need, in the versions of their lock file, unless it is there. Rows of what could
 * not be installed are red.
 */
export function installHosts() {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "hosts/package.json"), "utf8"));
  const stale = Object.entries(devDependencies).some(
    ([name, version]) => versionIn(own, name) !== version.split("@").at(-1),
  );
  if (stale)
    spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline"], {
      cwd: join(root, "hosts"),
      stdio: "inherit",
    });
}

const tarballs = new Map();

/** Unpacks a workspace, packed as npm would publish it, into a folder of its own in `modules`. */
export function unpack(folder, modules) {
  const { name } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  if (!tarballs.has(folder)) {
    const out = mkdtempSync(join(outside, "tarball-"));
    execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", out], {
      cwd: join(root, folder),
      stdio: ["ignore", "ignore", "inherit"],
    });
    tarballs.set(folder, join(out, readdirSync(out)[0]));
  }
  const target = join(modules, name);
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarballs.get(folder), "-C", target, "--strip-components=1"]);
  return target;
}

/** Links an installed package into `modules`; its own dependencies stay where they are. */
export function link(name, modules, from = shared) {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(from, name), join(modules, name));
}

/** Packages with all of their dependencies, copied as if the project had installed them. */
export function install(names, modules, from) {
  for (const name of names) {
    const source = from
      .map((folder) => join(folder, name))
      .find((path) => versionIn(path, ".") !== "missing");
    if (source === undefined) continue;
    const target = join(modules, name);
    if (versionIn(target, ".") !== "missing") continue;
    cpSync(source, target, { recursive: true, dereference: true });
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(source, "package.json"), "utf8"),
    );
    install([...Object.keys(dependencies), ...Object.keys(optionalDependencies)], modules, from);
  }
}

/** Our packages, packed, as a page has them. */
export function fillModules(modules) {
  for (const folder of ["packages/api", "packages/adapter-tfjs", "packages/adapter-onnx"])
    unpack(folder, modules);
}

/** Fills the project: our packages, the trained model, and what the hosts run. */
export function fillProject() {
  fillModules(join(project, "node_modules"));
  cpSync(join(root, "fixtures/models/charlm"), join(project, "charlm"), { recursive: true });
  for (const [file, text] of Object.entries({ ...consumer, ...typed }))
    writeFileSync(join(project, file), text);
}
