import { defineConfig } from "tsup";
import { entriesOf } from "../../scripts/entry-points.mjs";

export default defineConfig({
  // Where there is no Node, package.json has another file for `@unroll/api/config`.
  entry: { ...entriesOf("@unroll/api"), "config-page": "src/config/page.ts" },
  format: ["esm", "cjs"],
  // Symbol.dispose is in no ES20xx library; TypeScript has this one, and a page need not name it.
  dts: { entry: entriesOf("@unroll/api"), banner: '/// <reference lib="esnext.disposable" />' },
  clean: true,
  sourcemap: true,
  // Entries share chunks, so that an error class or a State is the same one whichever entry made it.
  splitting: true,
  shims: true,
  target: "es2022",
  external: [/^@unroll\/adapter-/, /^@tensorflow\//, /^onnxruntime-/, "jiti"],
});
