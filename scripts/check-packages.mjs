// Checks every package as it would be published: publint, are-the-types-wrong, and no engine type in a public
// .d.ts.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { entriesOf } from "./entry-points.mjs";

const packages = [
  "packages/api",
  "packages/adapter-tfjs",
  "packages/adapter-onnx",
  "conformance",
  "packages/cli",
];
const engineTypes = /(from |import\()['"](@tensorflow\/|onnxruntime-)|\btypes=["']|reference types/;
const problems = [];

for (const folder of packages) {
  const pkg = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { messages } = await publint({ pkgDir: folder, strict: true });
  for (const message of messages) problems.push(`${pkg.name} publint: ${formatMessage(message, pkg)}`);

  const out = mkdtempSync(join(tmpdir(), "unroll-pack-"));
  try {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", out], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
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
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
