import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { entryPoints } from "./scripts/entry-points.mjs";

// `vitest run --mode fast` leaves out what takes long and says so; see conformance/test/settings.ts.
export default defineConfig(({ mode }) => ({
  resolve: {
    // Tests run the sources, so that they need no build.
    alias: Object.entries(entryPoints).map(([specifier, file]) => ({
      find: new RegExp(`^${specifier}$`),
      replacement: fileURLToPath(new URL(file, import.meta.url)),
    })),
  },
  test: {
    include: [
      "packages/*/{src,test}/**/*.test.ts",
      "conformance/{src,test}/**/*.test.ts",
      "tests/**/*.test.ts",
    ],
    testTimeout: 60_000,
    pool: "forks",
    // Each process loads the engines once, not once a file.
    isolate: false,
    // The default leaves a core free, which on two is half of them.
    maxWorkers: "100%",
    env: mode === "fast" ? { UNROLL_LANE: "fast" } : {},
  },
}));
