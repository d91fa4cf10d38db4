import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fast } from "../conformance/test/settings.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "unroll-boundaries-"));
const sources = [
  "packages/api/src",
  "packages/adapter-tfjs/src",
  "packages/adapter-onnx/src",
  "conformance/src",
];
beforeAll(() => {
  for (const folder of sources) cpSync(join(root, folder), join(copy, folder), { recursive: true });
  for (const file of ["tsconfig.json", "tsconfig.base.json", "package.json"])
    cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

/** Names of the rules that the sources break, as `npm run check:boundaries` finds them. */
function broken(): string[] {
  const cli = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = join(root, ".dependency-cruiser.mjs");
  const { stdout } = spawnSync(
    process.execPath,
    [cli, "--config", config, "--output-type", "json", ...sources],
    { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

/** An import that nobody may write, and the rules that it breaks. */
const forbidden = [
  {
    file: "packages/api/src/program/print.ts",
    imports: "../layers/layers.js",
    rules: ["program-sees-only-what-is-below-it"],
  },
  {
    file: "packages/api/src/specification/values.ts",
    imports: "../model/state.js",
    rules: ["specification-sees-only-what-is-below-it"],
  },
  {
    file: "packages/api/src/builtin/walk.ts",
    imports: "../specification/state.js",
    rules: ["builtin-is-apart"],
  },
  { file: "packages/api/src/builtin/exponential.ts", imports: "./maps.js", rules: ["no-cycle"] },
  {
    file: "conformance/src/oracle/arithmetic.ts",
    imports: "../../../packages/api/src/lowering/lower.js",
    rules: ["the-oracle-knows-the-api-alone", "the-oracle-shares-nothing"],
  },
  {
    file: "packages/adapter-onnx/src/queue.ts",
    imports: "@unroll/api",
    rules: ["adapters-see-the-contract"],
  },
];

describe("the rules of who may import whom", () => {
  // That they are kept is what `npm run lint` says.
  // The lint runs the rules themselves.
  it.skipIf(fast)("each find what they forbid, and nothing else", () => {
    for (const { file, imports } of forbidden) {
      const at = join(copy, file);
      writeFileSync(at, `import "${imports}";\n${readFileSync(at, "utf8")}`);
    }
    expect(broken()).toEqual(forbidden.flatMap(({ rules }) => rules).sort());
  });
});
