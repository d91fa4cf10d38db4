// What typical pages load, minified and compressed: holds each to its limit, and that none pulls an engine.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { rollup } from "rollup";

/** A page that steps an LSTM, with what else its engine has. */
const stepping = (more = []) => `
      import { batchMajorOperations, builtinOf, input, kit, lstmCell } from "@unroll/api/core";
      import { lstmDefinition, lstmOperations, recurrent, recurrentDefinition } from "@unroll/api/core";
      ${more.map((name) => `import { ${name} } from "@unroll/api/core";`).join("")}
      const { compile, spec } = kit({ layers: [recurrentDefinition], cells: [lstmDefinition] });
      const cell = lstmCell({ inputSize: 8, units: 32 });
      const layers = [recurrent({ name: "lstm", input: "x", cell })];
      export async function start(weights) {
        const adapter = builtinOf([${["lstmOperations", "batchMajorOperations", ...more]}]);
        const page = spec({ name: "page", inputs: [input({ name: "x", shape: [8] })], layers });
        const model = await compile(page, { adapter, weights });
        const [x, out, state] = [new Float32Array(8), new Float32Array(32), model.zeroState(1)];
        return () => model.stepInto(x, state, out);
      }`;

const pages = [
  // Over the 24,000 that it once had, for a block of steps in place, what lets kernels bring memory of their
  // own, so that SIMD can be left out, a model that says where it runs, states that know of strides, runs
  // refused that an engine would cut short, and states that are neither copied nor searched at each step.
  { name: "an LSTM stepped on builtin, by a kit", limit: 25_700, source: stepping() },
  { name: "the same with SIMD", limit: 31_200, source: stepping(["simdKernels"]) },
  {
    name: "everything of @unroll/api",
    // Over the 47,000 that it once had, for what stands around a recurrence: convolutions, norms, tags, own
    // lengths of time, windows of attention; 2,000 of them for the kernels of attention and convolution,
    // which this page, Keras's and PyTorch's get with `builtin`.
    limit: 64_000,
    source: `export { builtin, compile, lstmCell, recurrent, spec, State, tensor } from "@unroll/api";`,
  },
  {
    name: "a Keras model, by Rollup",
    // 7,500 of them for what a class of models has whether a page calls it or not: `summary`, `toJson`,
    // models within models, states of layers.
    limit: 68_600,
    bundle: byRollup,
    source: `
      import { builtin } from "@unroll/api";
      import { layers, sequential } from "@unroll/api/keras";
      export async function start(weights, ids) {
        const model = sequential([
          layers.embedding({ inputDim: 2000, outputDim: 64, inputShape: [null] }),
          layers.lstm({ units: 64 }),
          layers.dense({ units: 1, activation: "sigmoid" }),
        ]);
        await model.compile({ adapter: builtin() });
        model.setWeights(weights);
        return model.predict(ids);
      }`,
  },
  {
    name: "a PyTorch module, by Rollup",
    // A third of it are tensors: a class has all of its operations; 1,700 are what every module has of
    // buffers, names and walks over modules, and what it refuses by name.
    limit: 84_700,
    bundle: byRollup,
    source: `
      import { builtin } from "@unroll/api";
      import { nn } from "@unroll/api/torch";
      class Tagger extends nn.Module {
        constructor() {
          super();
          this.embedding = new nn.Embedding(2000, 64);
          this.lstm = new nn.LSTM(64, 64, { batchFirst: true });
          this.linear = new nn.Linear(64, 9);
        }
        forward(ids) {
          return this.linear.call(this.lstm.call(this.embedding.call(ids))[0]);
        }
      }
      export async function start(weights, ids) {
        const model = new Tagger().to(builtin());
        model.loadStateDict(weights);
        return model.run(ids);
      }`,
  },
  // A page that reads one format has that reader and no other; `readWeights` loads each when it is needed.
  ...[
    ["readPyTorch", 11_300],
    ["readKeras", 11_000],
    ["readNpz", 6_500],
    ["readTfjs", 3_300],
    ["readInitializers", 3_900],
    ["readWeights", 3_800],
  ].map(([reader, limit]) => ({
    name: `${reader} of @unroll/formats alone`,
    limit,
    source: `export { ${reader} } from "@unroll/formats";`,
  })),
];

/** What a page imports only when it comes to need it, it does not load. */
const later = {
  name: "later",
  setup: ({ onResolve }) =>
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    ),
};

/** A page as esbuild packs it. */
async function byEsbuild(source) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: "packages/cli" },
    bundle: true,
    // What is published, and not the sources that tsconfig.base.json names.
    tsconfigRaw: "{}",
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    // Formats are in chunks, of which a page has those that it needs; esbuild warns of the others.
    logOverride: { "ignored-bare-import": "silent" },
    plugins: [later],
  });
  return { code: outputFiles[0].contents, inputs: Object.keys(metafile.inputs) };
}

/** A page as Rollup packs it, and Vite with it: unlike esbuild it keeps of a namespace what is used. */
async function byRollup(source) {
  const { exports } = JSON.parse(readFileSync("packages/api/package.json", "utf8"));
  const fileOf = (found) =>
    typeof found === "string" ? found : fileOf(found.browser ?? found.import ?? found.default);
  const page = {
    name: "page",
    resolveId(id) {
      if (id === "page") return id;
      const own = /^@unroll\/api(.*)$/.exec(id);
      return own ? resolve("packages/api", fileOf(exports[`.${own[1]}`])) : null;
    },
    load: (id) => (id === "page" ? source : null),
    resolveDynamicImport: (id) => ({ id: String(id), external: true }),
  };
  const bundle = await rollup({ input: "page", plugins: [page], onwarn: () => undefined });
  const { output } = await bundle.generate({ format: "es" });
  const { code } = await transform(output[0].code, { minify: true, target: "es2022", format: "esm" });
  return { code, inputs: bundle.watchFiles };
}

const problems = [];
const sizes = [];
for (const { name, limit, source, bundle = byEsbuild } of pages) {
  const { code, inputs } = await bundle(source);
  const bytes = gzipSync(code, { level: 9 }).length;
  sizes.push(bytes);
  const foreign = inputs.filter((path) => /tensorflow|onnxruntime|adapter-/.test(path));
  console.log(`${String(bytes).padStart(6)} bytes min+gzip, limit ${limit}: ${name}`);
  if (foreign.length > 0) problems.push(`${name} pulls an engine: ${foreign.join(", ")}`);
  if (bytes > limit) problems.push(`${name}: ${bytes - limit} bytes over the limit`);
}
const readme = "packages/api/README.md";
const [small, , whole] = sizes.map((bytes) => Math.round(bytes / 1000));
const stated = `${whole} kB minified and compressed with the builtin engine, ${small} kB for an LSTM`;
if (!readFileSync(readme, "utf8").includes(stated)) problems.push(`${readme} should say: ${stated}`);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
