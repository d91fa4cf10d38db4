import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    adapter: "src/adapter.ts",
    cells: "src/cells/index.ts",
    keras: "src/keras/index.ts",
    torch: "src/torch/index.ts",
    weights: "src/weights.ts",
    config: "src/config/index.ts",
  },
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  sourcemap: true,
  // Entries share chunks, so that an error class or a State is the same one whichever entry made it.
  splitting: true,
  shims: true,
  target: "es2022",
  external: [/^@unroll\/adapter-/, /^@tensorflow\//, /^onnxruntime-/, "jiti"],
});
