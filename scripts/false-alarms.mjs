// Certifies honest engines at many seeds and prints one line each: no property may fail, whatever the seed.
//
//   npm run build && node scripts/false-alarms.mjs [--engines builtin,tfjs:cpu,tfjs:wasm,onnx:wasm,onnx:cpu] [--seeds 20] [--runs 500] [--only PROPERTY,...] [--progress]
import { parseArgs } from "node:util";
import { resolveAdapter } from "@unroll/api/config";
import { certify } from "@unroll/conformance";

const { values } = parseArgs({ options: { engines: { type: "string", default: "builtin,tfjs:cpu,tfjs:wasm,onnx:wasm,onnx:cpu" }, seeds: { type: "string", default: "20" }, runs: { type: "string", default: "500" }, only: { type: "string", default: "" }, progress: { type: "boolean" } } });
console.log("| engine | seeds | runs a property | cases | failures | worst error/bound | minutes |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
let failures = 0;
for (const name of values.engines.split(",")) {
  const [adapter, device] = name.split(":");
  const started = performance.now();
  let [cases, failed, worst] = [0, 0, 0];
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const report = await certify(await resolveAdapter({ adapter, device }), { seed: seed * 100003, runs: Number(values.runs), ...(values.only && { only: values.only.split(",") }) });
    if (process.stderr.isTTY || values.progress) console.error(`${name} seed ${report.seed}: ${report.summary.passed} passed, ${report.summary.failed} failed, ${report.summary.unsupported} unsupported`);
    for (const one of report.properties) {
      cases += one.runs;
      worst = Math.max(worst, one.worstErrorOverBound ?? 0);
      if (one.status !== "failed") continue;
      failed++;
      console.error(`${name} seed ${report.seed} ${one.id}, ${one.form}: ${one.reason}\n  ${one.counterexample?.case} path ${one.counterexample?.path}`);
    }
  }
  failures += failed;
  console.log(`| ${name} | ${values.seeds} | ${values.runs} | ${cases.toLocaleString("en")} | ${failed} | ${worst.toFixed(3)} | ${((performance.now() - started) / 60000).toFixed(1)} |`);
}
process.exitCode = failures ? 1 : 0;
