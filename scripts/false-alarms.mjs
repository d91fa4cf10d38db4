// Certifies honest engines side by side at many seeds and prints a line for each: no property may fail,
// whatever the seed.
//
//   npm run build && node scripts/false-alarms.mjs
//   [--engines builtin,tfjs:cpu,tfjs:wasm,onnx:wasm,onnx:cpu] [--first 1] [--seeds 20] [--runs 500]
//   [--only PROPERTY,...] [--progress]
//
// `honest` among the engines stands for all those in conformance/src/honest, `honest:NAME` for one of them,
// and `honest:FAMILY` for those of one family.
import { parseArgs } from "node:util";
import { resolveAdapter } from "@unroll/api/config";
import { certify, honestEngines, honestFamilies, properties } from "@unroll/conformance";

const { values } = parseArgs({
  options: {
    engines: { type: "string", default: "builtin,tfjs:cpu,tfjs:wasm,onnx:wasm,onnx:cpu" },
    first: { type: "string", default: "1" },
    seeds: { type: "string", default: "20" },
    runs: { type: "string", default: "500" },
    only: { type: "string" },
    progress: { type: "boolean" },
  },
});
const fixtures = (which) => Object.entries(which).map(([name, make]) => ({ name, ...make() }));

/** The engines that one name stands for. */
async function enginesOf(name) {
  const [adapter, device] = name.split(":");
  if (adapter !== "honest") return [{ name, adapter: await resolveAdapter({ adapter, device }) }];
  return fixtures(
    device === undefined ? honestEngines : (honestFamilies[device] ?? { [device]: honestEngines[device] }),
  );
}

const chosen = (await Promise.all(values.engines.split(",").map(enginesOf))).flat();
const engines = chosen.map((one) => ({ ...one, cases: 0, failed: 0, worst: 0 }));
const ids = values.only?.split(",") ?? properties.map(({ id }) => id);
const started = performance.now();
for (let k = Number(values.first); k < Number(values.first) + Number(values.seeds); k++) {
  const seed = k * 100003;
  // One property on every engine before the next: the truth of a case is worked out once for all of them.
  for (const id of ids) {
    for (const engine of engines) {
      const { adapter, alive } = engine;
      const runs = Number(values.runs);
      const report = await certify(adapter, { seed, runs, only: [id], ...(alive && { alive }) });
      for (const one of report.properties) {
        engine.cases += one.runs;
        engine.worst = Math.max(engine.worst, one.worstErrorOverBound ?? 0);
        if (one.status !== "failed") continue;
        engine.failed++;
        console.error(`${engine.name} seed ${seed} ${one.id}, ${one.form}: ${one.reason}`);
        console.error(`  ${one.counterexample?.case} path ${one.counterexample?.path}`);
      }
    }
  }
  if (process.stderr.isTTY || values.progress) {
    const sofar = engines.map(({ name, cases, failed }) => `${name} ${cases} cases, ${failed} failed`);
    const minutes = ((performance.now() - started) / 60000).toFixed(1);
    console.error(`seed ${seed}: ${sofar.join("; ")}; ${minutes} min`);
  }
}
console.log(
  "| engine | seeds | runs a property | cases | failures | worst error/bound |\n" +
    "| --- | ---: | ---: | ---: | ---: | ---: |",
);
for (const { name, cases, failed, worst } of engines) {
  const { seeds, runs } = values;
  const row = [name, seeds, runs, cases.toLocaleString("en"), failed, worst.toFixed(3)];
  console.log(`| ${row.join(" | ")} |`);
}
process.exitCode = engines.some(({ failed }) => failed > 0) ? 1 : 0;
