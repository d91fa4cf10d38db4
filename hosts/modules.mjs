// The packed files as they are, without a bundler: by an import map, and in workers.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answerOn, pageOf, serve } from "./chromium.mjs";
import { project, run } from "./matrix.mjs";
import { bundle } from "./bundlers.mjs";

const dist = "/node_modules/@unroll/api/dist/";
const imports = {
  "@unroll/api": `${dist}index.js`,
  "@unroll/api/weights": `${dist}weights.js`,
  "@unroll/api/config": `${dist}config-page.js`,
};

async function answerTo(browser, body) {
  const { address, close } = await serve(project, pageOf(body));
  try {
    return await answerOn(browser, address);
  } finally {
    close();
  }
}

/** A page that maps names to the packed files. */
export const byImportMap = (browser) =>
  answerTo(
    browser,
    `<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
import { check } from "/check.mjs";
globalThis.answer = await check().catch(String);
</script>`,
  );

/** A module worker of a page, whose file a bundler made: workers have no import map. */
export async function inModuleWorker(browser) {
  writeFileSync(
    join(project, "worker.mjs"),
    `import { check } from "./check.mjs";
check().then((line) => postMessage(line), (error) => postMessage(String(error)));`,
  );
  const folder = (await bundle("esbuild", "worker.mjs")).slice(project.length);
  return answerTo(
    browser,
    `<script type="module">
const worker = new Worker("${folder}/page.js", { type: "module" });
worker.onmessage = ({ data }) => { globalThis.answer = data; };
worker.onerror = ({ message }) => { globalThis.answer = message ?? "the worker did not load"; };
</script>`,
  );
}

/** A thread of Node. */
export function inNodeThread() {
  writeFileSync(
    join(project, "thread.mjs"),
    `import { isMainThread, parentPort, Worker } from "node:worker_threads";
if (isMainThread) new Worker(new URL(import.meta.url)).on("message", (line) => console.log(line));
else {
  const { check } = await import("./check.mjs");
  parentPort.postMessage(await check());
}`,
  );
  return run(process.execPath, ["thread.mjs"]);
}
