import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

// In a process of its own: where many files ran before, V8 has seen so many forms of what a step calls that
// it boxes numbers between functions, and how many it saw depends on which files a worker was given.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-allocation-"));
  await build({
    entryPoints: [fileURLToPath(new URL("allocation/run-into.ts", import.meta.url))],
    outfile: join(folder, "run-into.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
  });
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ["fused, SIMD", true, true],
  ["expanded, SIMD", true, false],
  ["fused, loops", false, true],
  ["expanded, loops", false, false],
])("a warm runInto of the builtin engine allocates nothing, %s", async (_name, simd, fused) => {
  const argv = ["--expose-gc", join(folder, "run-into.mjs"), String(simd), String(fused)];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  const grown = JSON.parse(stdout) as number[];
  expect(grown.length).toBe(3);
  for (const perStep of grown) expect(perStep).toBeLessThan(1);
});
