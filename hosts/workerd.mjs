// Workers of workerd: a module compiled before the worker starts, as WebAssembly may not be compiled in it.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { own, project, shared } from "./matrix.mjs";

const wasm = "ort-wasm-simd-threaded.wasm";
const builtin = `import { check } from "./check.mjs";
const answer = () => check();`;
const onnx = `import { check } from "./check.mjs";
import { onnx } from "@unroll/adapter-onnx";
import * as ort from "onnxruntime-web/wasm";
import compiled from "./${wasm}";
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (_bytes, imports) => ({
  module: compiled,
  instance: await instantiate(compiled, imports),
});
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = new ArrayBuffer(0); // nothing is fetched
const answer = () => check({ adapter: "onnx" }, { onnx: (device) => onnx(ort, { device }) });`;

/** Runs a worker and asks it once. @returns its answer */
async function answerOf(name, source, files = []) {
  const entry = join(project, `worker-${name}.mjs`);
  const outfile = join(project, `worker-${name}.bundle.mjs`);
  writeFileSync(
    entry,
    `${source}\nexport default { fetch: async () => new Response(await answer().catch(String)) };`,
  );
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["workerd"],
    external: [`./${wasm}`],
    logLevel: "silent",
  });
  const { Miniflare } = createRequire(join(own, "x.js"))("miniflare");
  const script = { type: "ESModule", path: "worker.mjs", contents: readFileSync(outfile, "utf8") };
  const worker = new Miniflare({
    modules: [script, ...files],
    modulesRoot: "/",
    compatibilityDate: "2026-01-01",
  });
  try {
    return await (await worker.dispatchFetch("http://localhost/")).text();
  } finally {
    await worker.dispose();
  }
}

/** The builtin engine, in a request. */
export const builtinInWorkerd = () => answerOf("builtin", builtin);

/** onnxruntime-web, whose compiled module is part of the worker. */
export const onnxInWorkerd = () => {
  const contents = readFileSync(join(shared, "onnxruntime-web/dist", wasm));
  return answerOf("onnx", onnx, [{ type: "CompiledWasm", path: wasm, contents }]);
};
