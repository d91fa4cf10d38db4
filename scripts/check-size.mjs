// The size of what a page loads: the core with the builtin engine, minified and compressed, and that it pulls
// no engine.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const limit = 30_000;
const { outputFiles, metafile } = await build({
  stdin: {
    contents: 'export { compile, builtin, State, tensor, spec, recurrent, lstmCell } from "@unroll/api";',
    resolveDir: "packages/cli",
  },
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  write: false,
  metafile: true,
});
const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
const foreign = Object.keys(metafile.inputs).filter((path) => /tensorflow|onnxruntime|adapter-/.test(path));
console.log(`@unroll/api with builtin(): ${bytes} bytes min+gzip, limit ${limit}`);
if (foreign.length > 0) {
  console.error(`the core pulls an engine: ${foreign.join(", ")}`);
  process.exit(1);
}
if (bytes > limit) {
  console.error(`${bytes - limit} bytes over the limit`);
  process.exit(1);
}
