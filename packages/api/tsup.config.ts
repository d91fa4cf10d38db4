import { defineConfig } from "tsup";
import { entriesOf } from "../../scripts/entry-points.mjs";

export default defineConfig({
  entry: entriesOf("@unroll/api"),
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
