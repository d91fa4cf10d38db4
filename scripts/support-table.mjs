// Writes docs/support.md: what each engine runs, and how. With --check it only tells whether the page is stale.
//
//   npm run build && node scripts/support-table.mjs [--check]
//
// An entry of an engine that runs in Node is made by running the option and holding the result against the oracle;
// the WebGPU column follows from what the adapter claims there (npm run certify:browser runs it).
import { readFileSync, writeFileSync } from "node:fs";
import { onnx } from "@unroll/adapter-onnx";
import { bidirectional, compile, gruCell, input, isUnrollError, lower, lstmCell, recurrent, simpleRnnCell, spec, specWeights, tensor } from "@unroll/api";
import { legalize } from "@unroll/api/adapter";
import { resolveAdapter } from "@unroll/api/config";
import { compareWithBound, deriveBounds } from "@unroll/conformance";

const engines = [];
for (const name of ["builtin", "tfjs:cpu", "tfjs:wasm", "onnx:wasm", "onnx:cpu"]) engines.push([name, await resolveAdapter({ adapter: name.split(":")[0], device: name.split(":")[1] }), true]);
// Claims need no library; nothing is run here.
engines.push(["onnx:webgpu", onnx({ InferenceSession: {}, Tensor: null }, { device: "webgpu" }), false]);

const cells = {
  "simple RNN": (o) => simpleRnnCell({ inputSize: 3, units: 4, ...o }),
  LSTM: (o) => lstmCell({ inputSize: 3, units: 4, ...o }),
  "GRU, reset after": (o) => gruCell({ inputSize: 3, units: 4, ...o }),
  "GRU, reset before": (o) => gruCell({ inputSize: 3, units: 4, resetAfter: false, ...o }),
};
const single = (layer, cell = {}) => (make) => recurrent({ name: "layer", input: "x", cell: make(cell), ...layer });
const options = {
  "a sequence": [single({}), {}],
  "one step": [single({}), { step: true }],
  "two biases": [single({}, { bias: "split" }), {}],
  "another activation": [single({}, { activation: "hardSigmoidSixth" }), {}],
  softplus: [single({}, { activation: "softplus" }), {}],
  backward: [single({ direction: "backward" }), {}],
  bidirectional: [(make) => bidirectional({ name: "layer", input: "x", forward: make({}) }), {}],
  "last output only": [single({ returns: "last" }), {}],
  lengths: [single({}), { lengths: tensor([0, 2, 5], [3], "int32") }],
  "lengths, outputs held": [single({ maskedOutput: "hold", heldStart: "initialState" }), { lengths: tensor([0, 2, 5], [3], "int32") }],
  "a mask with gaps": [single({}), { mask: tensor([[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], undefined, "bool") }],
};

/** How an engine runs a layer with an option: its own operator, the decomposition, or not at all. */
async function entry(make, [build, extent], [, adapter, runs]) {
  const model = spec({ name: "support", inputs: [input({ name: "x", shape: [3] })], layers: [build(make)] });
  const mode = { mode: extent.step ? "step" : "sequence", extent: extent.lengths ? "lengths" : extent.mask ? "mask" : "full" };
  let program;
  try {
    program = legalize(lower(model, mode), adapter);
  } catch (error) {
    if (isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED") return "refused";
    throw error;
  }
  const how = program.nodes.some((node) => node.kind === "composite" && /^(lstm|gru|simpleRnn)/.test(node.op)) ? "own" : "composed";
  if (!runs) return how;
  const weights = Object.fromEntries(specWeights(model).map(({ name, shape }, n) => [name, tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(5 * k + n)), shape)]));
  const x = tensor(Float32Array.from({ length: 3 * 5 * 3 }, (_, k) => Math.cos(k)), [3, 5, 3]);
  const given = { inputs: { x: extent.step ? tensor(x.data.slice(0, 9), [3, 1, 3]) : x }, lengths: extent.lengths, mask: extent.mask };
  const { exact, bounds } = deriveBounds(model, weights, given);
  const compiled = await compile(model, { adapter, weights });
  const result = extent.step ? await compiled.step(tensor(x.data.slice(0, 9), [3, 3]), compiled.zeroState(3))
    : await compiled.sequence(x, { ...(extent.lengths && { lengths: extent.lengths.data }), ...(extent.mask && { mask: extent.mask }) });
  const [ref] = model.outputs;
  const got = extent.step ? { ...result.output, shape: exact.outputs[ref].shape } : result.output;
  const { errorOverBound } = compareWithBound(got, exact.outputs[ref], bounds.outputs[ref]);
  compiled.dispose();
  return errorOverBound < 1 ? how : `**wrong** (${errorOverBound.toPrecision(2)} of the bound)`;
}

let page = `# What each engine runs

Written by \`node scripts/support-table.mjs\`; CI fails when it is stale. *own*: by an operator or kernel of the engine's own,
or of its adapter's; *composed*: by its decomposition into primitives; *refused*: \`UNROLL_UNSUPPORTED\` before anything runs.
Every entry but those of onnx:webgpu was run and held against the float64 oracle. tfjs:webgl and tfjs:webgpu run what tfjs:cpu
runs, composed of the library's operations; \`npm run certify:browser\` certifies them and onnx:webgpu in Chromium.
`;
for (const [layer, make] of Object.entries(cells)) {
  page += `\n## ${layer}\n\n| | ${engines.map(([name]) => name).join(" | ")} |\n| --- | ${engines.map(() => "---").join(" | ")} |\n`;
  for (const [name, option] of Object.entries(options)) {
    const row = [];
    for (const engine of engines) row.push(await entry(make, option, engine));
    page += `| ${name} | ${row.join(" | ")} |\n`;
  }
}
const { primitives } = engines[0][1].capabilities;
page += `\n## Primitives\n\n${engines.map(([name, { capabilities }]) => { const missing = primitives.filter((p) => !capabilities.primitives.includes(p)); return `- ${name}: ${missing.length === 0 ? `all ${primitives.length}` : `all but ${missing.join(", ")}`}`; }).join("\n")}\n`;

const file = new URL("../docs/support.md", import.meta.url);
if (page.includes("**wrong**")) {
  console.error("docs/support.md: expected every engine to be right, got an entry that is wrong; see the page printed below\n");
  console.error(page);
  process.exitCode = 1;
} else if (!process.argv.includes("--check")) writeFileSync(file, page);
else if (readFileSync(file, "utf8") !== page) {
  console.error("docs/support.md is stale: run node scripts/support-table.mjs and commit what it writes");
  process.exitCode = 1;
} else console.log("docs/support.md is what the engines do");
