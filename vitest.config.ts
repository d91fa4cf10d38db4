import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { entryPoints } from "./scripts/entry-points.mjs";

export default defineConfig({
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
  },
});
