import { defineConfig } from "tsup";
import { entriesOf } from "../../scripts/entry-points.mjs";

export default defineConfig({
  entry: entriesOf("@unroll/formats"),
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  sourcemap: true,
  target: "es2022",
  external: [/^@unroll\//],
});
