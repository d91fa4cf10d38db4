// Checks every package as it would be published: what its manifest says of it, which files it has, publint,
// are-the-types-wrong, and no engine type in a public .d.ts. With --release, also that the repository has an
// address.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { entriesOf } from "./entry-points.mjs";
import { addressIsReal, manifestOf, root, strayFiles, workspaces } from "./manifests.mjs";

process.chdir(root);
/** What may be in a package. */
const published = [
  /^(package\.json|README\.md|LICENSE)$/,
  /^dist\/[\w.-]+\.(js|cjs|d\.ts|d\.cts)(\.map)?$/,
  /^dist\/modules\/[\w/-]+\.js$/,
  /^(bin\/unroll\.js|recorder\/record\.py)$/,
];
/** What every manifest has beside what the repository's decides. */
const described = ["description", "license", "keywords", "engines", "files", "type"];
const engineTypes = /(from |import\()['"](@tensorflow\/|onnxruntime-)|\btypes=["']|reference types/;
const problems = strayFiles().map(
  (path) => `${path}: not in line with package.json; node scripts/manifests.mjs`,
);
if (process.argv.includes("--release") && !addressIsReal)
  problems.push("package.json: homepage and repository hold no real address; see docs/releasing.md");

/** The files that a fresh process opens for a module, itself among them. */
function filesOf(path, opened = new Set()) {
  if (opened.has(path)) return opened;
  opened.add(path);
  for (const [, file] of readFileSync(path, "utf8").matchAll(/(?:from|^import) "(\.\/[^"]+)"/gm))
    filesOf(join(path, "..", file), opened);
  return opened;
}

/** What is wrong with a manifest's own words and its ranges of packages. */
function manifestProblems(pkg, folder) {
  const wanted = Object.entries(manifestOf(folder));
  const differing = wanted.filter(([key, value]) => JSON.stringify(pkg[key]) !== JSON.stringify(value));
  const missing = described.filter((key) => pkg[key] === undefined || pkg[key].length === 0);
  const ranges = Object.entries({ ...pkg.dependencies, ...pkg.peerDependencies });
  const pinned = ranges.filter(([, range]) => !/^\^\d+\.\d+\.\d+$/.test(range));
  // The least version that a package admits is the one that every test runs with.
  const untested = Object.entries(pkg.peerDependencies ?? {}).filter(
    ([name, range]) =>
      range !== `^${JSON.parse(readFileSync(join("node_modules", name, "package.json"), "utf8")).version}`,
  );
  return [
    ...differing.map(([key, value]) => `${key} is not ${JSON.stringify(value)}`),
    ...missing.map((key) => `no ${key}`),
    ...pinned.map(([name, range]) => `${name} "${range}" is no caret range`),
    ...untested.map(
      ([name, range]) => `peer ${name} "${range}" does not start at the version that is tested`,
    ),
  ].map((text) => `${pkg.name} package.json: ${text}`);
}

for (const folder of workspaces) {
  const pkg = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  problems.push(...manifestProblems(pkg, folder));
  const { messages } = await publint({ pkgDir: folder, strict: true });
  for (const message of messages) problems.push(`${pkg.name} publint: ${formatMessage(message, pkg)}`);

  const out = mkdtempSync(join(tmpdir(), "unroll-pack-"));
  try {
    const [{ files }] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--pack-destination", out], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    const paths = files.map(({ path }) => path);
    for (const path of paths.filter((one) => !published.some((form) => form.test(one))))
      problems.push(`${pkg.name} would publish ${path}`);
    for (const path of ["README.md", "LICENSE"].filter((one) => !paths.includes(one)))
      problems.push(`${pkg.name} would be published without ${path}`);
    const tarball = readFileSync(join(out, readdirSync(out)[0]));
    if (pkg.types) {
      const analysis = await checkPackage(createPackageFromTarballData(tarball));
      // Subpaths can't be found by the resolution of TypeScript before 4.7, which knows no "exports"; nothing
      // else is excused.
      for (const problem of analysis.problems ?? [])
        if (problem.resolutionKind !== "node10")
          problems.push(`${pkg.name} attw: ${problem.kind} ${JSON.stringify(problem)}`);
    }
  } finally {
    rmSync(out, { recursive: true });
  }

  const exported = Object.keys(pkg.exports ?? {}).filter((subpath) => subpath !== "./package.json");
  const entries = Object.keys(entriesOf(pkg.name)).map((name) => (name === "index" ? "." : `./${name}`));
  if (exported.sort().join() !== entries.sort().join())
    problems.push(
      `${pkg.name}: exports ${exported.join(", ")}, but tsconfig.base.json has ${entries.join(", ")}`,
    );

  const dist = join(folder, "dist");
  for (const file of readdirSync(dist).filter((name) => /\.d\.(c|m)?ts$/.test(name))) {
    // A doc comment may show how the library is imported.
    const code = readFileSync(join(dist, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const line = code.split("\n").find((text) => engineTypes.test(text));
    if (line) problems.push(`${pkg.name} ${file}: an engine's type in a public declaration: ${line.trim()}`);
  }
  console.log(`${pkg.name}: checked`);
}
const opened = filesOf("packages/api/dist/index.js").size;
if (opened > 4) problems.push(`@unroll/api opens ${opened} files; see fewFiles in its tsup.config.ts`);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
