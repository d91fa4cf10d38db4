// One page that changes engines by its configuration, as each bundler builds it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundlers.mjs";
import { answerOn, pageOf, serve } from "./chromium.mjs";
import { expectedLine } from "./consumer.mjs";
import { project, run } from "./matrix.mjs";

const makers = {
  none: "",
  tfjs: `tfjs: async (device) => {
    const [{ tfjs }, tf] = await Promise.all([
      import("@unroll/adapter-tfjs"),
      import("@tensorflow/tfjs-core"),
      import("@tensorflow/tfjs-backend-cpu"),
    ]);
    return tfjs(tf, { backend: device });
  },`,
  onnx: `onnx: async (device) => {
    const [{ onnx }, ort] = await Promise.all([
      import("@unroll/adapter-onnx"),
      import("onnxruntime-web/wasm"),
    ]);
    ort.env.wasm.wasmPaths = "/ort/";
    return onnx(ort, { device });
  },`,
};

/** Code of a page: `answerTo(adapter)` names the engine that was made and its answer, or an error's code. */
export const engineSource = (given) => `
async function answerTo(adapter) {
  let made = "";
  const engines = { ${makers[given]} };
  const watched = Object.entries(engines).map(([name, maker]) => [name, async (device) => {
    const engine = await maker(device);
    made = engine.name + ":" + engine.device + " ";
    return engine;
  }]);
  return check({ adapter }, Object.fromEntries(watched))
    .then((line) => made + line, (error) => error.code ?? String(error));
}`;

/** Writes the page, which is configured by its address, and in Node by an argument. @returns its file */
function writePage(given) {
  const file = `swap-${given}.mjs`;
  writeFileSync(
    join(project, file),
    `import { check } from "./check.mjs";${engineSource(given)}
const choice = globalThis.location ? new URLSearchParams(location.search).get("adapter") : process.argv[2];
globalThis.answer = await answerTo(choice);
if (!globalThis.location) console.log(globalThis.answer);`,
  );
  return file;
}

/** What a page answers to each configuration, by the engine that it is given beside the builtin one. */
const answers = {
  none: { builtin: expectedLine, tfjs: "UNROLL_CONFIG", onnx: "UNROLL_CONFIG" },
  tfjs: { builtin: expectedLine, tfjs: `tfjs:cpu ${expectedLine}`, onnx: "UNROLL_CONFIG" },
  onnx: { builtin: expectedLine, onnx: `onnx:wasm ${expectedLine}`, tfjs: "UNROLL_CONFIG" },
};

/** Asks for every configuration in turn. @throws for the first answer that is another than expected */
export async function askEach(given, ask) {
  for (const [adapter, expected] of Object.entries(answers[given])) {
    const answer = await ask(adapter);
    if (answer !== expected) throw new Error(`adapter ${adapter}: expected ${expected}, got ${answer}`);
  }
  return expectedLine;
}

/** Builds the page and runs it in Node, once for each configuration. */
export async function swapInNode(bundler, given) {
  const out = await bundle(bundler, writePage(given));
  return askEach(given, (adapter) => run(process.execPath, [join(out, "page.js"), adapter]));
}

/** Builds the page and runs it in Chromium, once for each configuration. */
export async function swapInChromium(browser, bundler, given) {
  const out = await bundle(bundler, writePage(given));
  const folder = out.slice(project.length);
  const { address, close } = await serve(
    project,
    pageOf(`<script type="module" src="${folder}/page.js"></script>`),
  );
  try {
    return await askEach(given, (adapter) => answerOn(browser, `${address}?adapter=${adapter}`));
  } finally {
    close();
  }
}
