import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run the sources, so that they need no build.
    alias: [
      { find: /^@unroll\/api$/, replacement: at("packages/api/src/index.ts") },
      { find: /^@unroll\/api\/adapter$/, replacement: at("packages/api/src/adapter.ts") },
      { find: /^@unroll\/api\/cells$/, replacement: at("packages/api/src/cells/index.ts") },
      { find: /^@unroll\/api\/keras$/, replacement: at("packages/api/src/keras/index.ts") },
      { find: /^@unroll\/api\/torch$/, replacement: at("packages/api/src/torch/index.ts") },
      { find: /^@unroll\/api\/weights$/, replacement: at("packages/api/src/weights.ts") },
      { find: /^@unroll\/api\/config$/, replacement: at("packages/api/src/config/index.ts") },
      { find: /^@unroll\/adapter-tfjs$/, replacement: at("packages/adapter-tfjs/src/index.ts") },
      { find: /^@unroll\/adapter-onnx$/, replacement: at("packages/adapter-onnx/src/index.ts") },
      { find: /^@unroll\/conformance$/, replacement: at("conformance/src/index.ts") },
    ],
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
