// The conformance suite on every engine of a real browser.
//
//   npm run build && npm run certify:browser
//   [-- --runs 50 --seed 1 --engines "builtin,tfjs webgl" --only every-size --json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { withPage } from "./browser.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "50" },
    seed: { type: "string" },
    engines: { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
  },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
// On a software GPU an operation takes milliseconds: fewer runs, and only the engine as it is.
const settings = (name) => {
  const share =
    name.startsWith("tfjs webgl") || name === "tfjs webgpu" ? 12 : name.endsWith("webgpu") ? 3 : 1;
  return {
    runs: Math.max(2, Math.round(Number(values.runs) / share)),
    seed,
    ...(values.only === undefined ? {} : { only: values.only.split(",") }),
    forms: share === 12 ? ["as is"] : ["as is", "expanded"],
  };
};

/** What renders in the page: a software rasteriser says so. */
const renderer = () => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  return gl ? String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)) : "nothing";
};

/** The version of the browser, read in its page. */
const browserOf = () => navigator.userAgent.match(/Chrome\/[\d.]+/)[0];

const offers = async (page, gpu) =>
  `WebGL by ${await page.evaluate(renderer)}, WebGPU ${gpu ? "offered" : "not offered"}`;

const wanted = values.engines?.split(",").map((one) => one.trim());
const [reports, known] = [[], []];

/** Certifies the engines of one page that are wanted. @returns how much was wrong */
const certifyPage = (search) =>
  withPage(
    "certify.page.ts",
    async (page, problems) => {
      const all = await page.evaluate(() => globalThis.engineNames);
      known.push(...all);
      const gpu = await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()));
      if (search === "")
        console.log(`${await page.evaluate(browserOf)}, ${await offers(page, gpu)}; seed ${seed}`);
      let wrong = 0;
      for (const name of all) {
        if (wanted && !wanted.includes(name)) continue;
        if (name.endsWith("webgpu") && !gpu) {
          console.log(`unsupported  ${name.padEnd(24)} this browser offers no WebGPU adapter`);
          reports.push({ engine: name, unsupported: "this browser offers no WebGPU adapter" });
          continue;
        }
        const started = performance.now();
        const report = await page.evaluate(
          ([engine, options]) => globalThis.certifyEngine(engine, options),
          [name, settings(name)],
        );
        const { passed, failed, unsupported, wrong: off } = report.summary;
        const bad = failed + off;
        const worst = Math.max(...report.properties.map((one) => one.worstErrorOverBound ?? 0));
        wrong += bad;
        const counts = [`${passed} passed`, `${failed} failed`, `${unsupported} unsupported`];
        if (off) counts.push(`${off} options of layers wrong`);
        const facts = [
          counts.join(", "),
          `${report.runs} runs`,
          `precision ${report.capabilities.precision}`,
          `worst error/bound ${worst.toFixed(3)}`,
          `${((performance.now() - started) / 1000).toFixed(0)} s`,
        ];
        console.log(`${bad ? "FAILED     " : "passed     "}  ${name.padEnd(24)} ${facts.join("; ")}`);
        for (const one of report.properties.filter(({ status }) => status !== "passed")) {
          console.log(`  ${one.status} ${one.id}, ${one.form}: ${one.reason}`);
          if (one.counterexample) console.log(`    ${one.counterexample.case}`);
        }
        for (const one of (report.support ?? []).filter(({ how }) => how === "wrong"))
          console.log(`  wrong ${one.layer}, ${one.option}, ${one.mode}: ${one.reason}`);
        reports.push({ engine: name, report });
      }
      for (const problem of problems) console.log(`FAILED page error: ${problem}`);
      return wrong + problems.length;
    },
    { search },
  );

const failed = (await certifyPage("")) + (await certifyPage("?f16"));
const missing = wanted?.find((name) => !known.includes(name));
if (missing !== undefined)
  throw new Error(`--engines: expected some of ${known.join(", ")}, got "${missing}"`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(reports, null, 1)}\n`);
process.exitCode = failed ? 1 : 0;
