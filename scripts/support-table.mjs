// Writes docs/support.md: what each engine runs, and how. With --check it only tells whether the page is
// stale.
//
//   npm run build && node scripts/support-table.mjs [--check]
//
// It is what `certify` reports as `support`: an entry of an engine that runs in Node is made by running the
// option and holding the result against the oracle; the WebGPU column follows from what the adapter claims
// there (npm run certify:browser runs it).
import { readFileSync, writeFileSync } from "node:fs";
import { onnx } from "@unroll/adapter-onnx";
import { resolveAdapter } from "@unroll/api/config";
import { supportOf } from "@unroll/conformance";

const engines = [];
for (const name of ["builtin", "tfjs:cpu", "tfjs:wasm", "onnx:wasm", "onnx:cpu"]) {
  const adapter = await resolveAdapter({ adapter: name.split(":")[0], device: name.split(":")[1] });
  engines.push({ name, adapter, support: await supportOf(adapter) });
}
// Only what it claims is asked; nothing is run here.
const webgpu = onnx(await import("onnxruntime-web"), { device: "webgpu" });
engines.push({ name: "onnx:webgpu", adapter: webgpu, support: await supportOf(webgpu, { run: false }) });

/** One word where both modes agree, or there is only one. */
function cell(support, layer, option) {
  const found = support.filter((entry) => entry.layer === layer && entry.option === option);
  const words = found.map(({ how, reason }) => (how === "wrong" ? `**wrong** (${reason})` : how));
  return new Set(words).size === 1 ? words[0] : found.map(({ mode }, k) => `${mode}: ${words[k]}`).join(", ");
}

let page = `# What each engine runs

Written by \`node scripts/support-table.mjs\` out of what \`unroll certify\` reports; CI fails when it is
stale. *own*: by operators or kernels of the engine's own, or of its adapter's; *composed*: by the layer's
decomposition into primitives; *refused*: \`UNROLL_UNSUPPORTED\` before anything runs. An entry holds for a
whole sequence and, where the layer can be stepped, for one step; where the two differ it says so. Every
entry but those of onnx:webgpu was run and held against the float64 oracle. tfjs:webgl and tfjs:webgpu run
what tfjs:cpu runs, composed of the library's operations; \`npm run certify:browser\` certifies them and
onnx:webgpu in Chromium.
`;
const first = engines[0].support;
for (const layer of new Set(first.map((entry) => entry.layer))) {
  page += `\n## ${layer}\n\n| | ${engines.map(({ name }) => name).join(" | ")} |\n`;
  page += `| --- | ${engines.map(() => "---").join(" | ")} |\n`;
  for (const option of new Set(first.filter((entry) => entry.layer === layer).map((entry) => entry.option)))
    page += `| ${option} | ${engines.map(({ support }) => cell(support, layer, option)).join(" | ")} |\n`;
}
const { primitives } = engines[0].adapter.capabilities;
const missing = ({ adapter }) => primitives.filter((name) => !adapter.capabilities.primitives.includes(name));
const lossy = ({ adapter: { capabilities } }) =>
  capabilities.losesNaN
    ? ["any"]
    : Object.entries(capabilities.composites)
        .filter(([, claim]) => claim.losesNaN)
        .map(([name]) => name);
const runs = (engine) =>
  missing(engine).length === 0 ? `all ${primitives.length}` : `all but ${missing(engine).join(", ")}`;
const listed = (of) => engines.map((engine) => `- ${engine.name}: ${of(engine)}`).join("\n");
page += `\n## Primitives\n\n${listed(runs)}\n`;
page +=
  "\n## NaN\n\nA NaN in an input reaches every result that depends on it, but may end in these operators:\n";
page += `\n${listed((engine) => lossy(engine).join(", ") || "none")}\n`;

const file = new URL("../docs/support.md", import.meta.url);
if (page.includes("**wrong**")) {
  console.error(
    "docs/support.md: expected every engine to be right, got an entry that is wrong; " +
      "see the page printed below\n",
  );
  console.error(page);
  process.exitCode = 1;
} else if (!process.argv.includes("--check")) writeFileSync(file, page);
else if (readFileSync(file, "utf8") !== page) {
  console.error("docs/support.md is stale: run node scripts/support-table.mjs and commit what it writes");
  process.exitCode = 1;
} else console.log("docs/support.md is what the engines do");
