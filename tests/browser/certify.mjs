// The conformance suite on every engine of a real browser.
//
//   npm run build && npm run certify:browser
//   [-- --runs 50 --seed 1 --engines "builtin,tfjs webgl" --only every-size --pages 2 --json FILE]
//
// Each engine has a page of its own, and as many pages as there are cores run at once: on a software GPU
// nearly all of the time goes into compiling shaders, by one thread.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { withPage } from "./browser.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "50" },
    seed: { type: "string" },
    engines: { type: "string" },
    only: { type: "string" },
    pages: { type: "string", default: String(Math.min(4, availableParallelism())) },
    json: { type: "string" },
  },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const atOnce = Number(values.pages);
if (!Number.isSafeInteger(atOnce) || atOnce < 1)
  throw new Error(`--pages: expected a whole number of at least 1, got "${values.pages}"`);
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

/** How long an engine takes beside others. */
const gpuFirst = (name) => (name.includes("webgl") ? 2 : name.includes("webgpu") ? 1 : 0);

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

/** Certifies one engine and prints what came of it. @returns its entry of the JSON, how much was wrong */
async function certifyEngine(name, search) {
  return withPage(
    "certify.page.ts",
    async (page, problems) => {
      const started = performance.now();
      const report = await page.evaluate(
        ([engine, options]) => globalThis.certifyEngine(engine, options),
        [name, settings(name)],
      );
      const { passed, failed, unsupported, wrong: off } = report.summary;
      const bad = failed + off;
      const worst = Math.max(...report.properties.map((one) => one.worstErrorOverBound ?? 0));
      const counts = [`${passed} passed`, `${failed} failed`, `${unsupported} unsupported`];
      if (off) counts.push(`${off} options of layers wrong`);
      const facts = [
        counts.join(", "),
        `${report.runs} runs`,
        `precision ${report.capabilities.precision}`,
        `worst error/bound ${worst.toFixed(3)}`,
        `${((performance.now() - started) / 1000).toFixed(0)} s`,
      ];
      const lines = [`${bad ? "FAILED     " : "passed     "}  ${name.padEnd(24)} ${facts.join("; ")}`];
      for (const one of report.properties.filter(({ status }) => status !== "passed")) {
        lines.push(`  ${one.status} ${one.id}, ${one.form}: ${one.reason}`);
        if (one.counterexample) lines.push(`    ${one.counterexample.case}`);
      }
      for (const one of (report.support ?? []).filter(({ how }) => how === "wrong"))
        lines.push(`  wrong ${one.layer}, ${one.option}, ${one.mode}: ${one.reason}`);
      for (const problem of problems) lines.push(`FAILED page error: ${problem}`);
      console.log(lines.join("\n"));
      return { wrong: bad + problems.length, entry: { engine: name, report } };
    },
    { search },
  );
}

/** The engines of a page, and whether its browser offers a GPU. */
const offered = (search) =>
  withPage(
    "certify.page.ts",
    async (page) => {
      const names = await page.evaluate(() => globalThis.engineNames);
      const gpu = await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()));
      if (search === "")
        console.log(`${await page.evaluate(browserOf)}, ${await offers(page, gpu)}; seed ${seed}`);
      return names.map((name) => ({ name, search, offered: gpu || !name.endsWith("webgpu") }));
    },
    { search },
  );

const known = [...(await offered("")), ...(await offered("?f16"))];
const missing = wanted?.find((one) => !known.some(({ name }) => name === one));
if (missing !== undefined)
  throw new Error(
    `--engines: expected some of ${known.map(({ name }) => name).join(", ")}, got "${missing}"`,
  );
const chosen = known.filter(({ name }) => !wanted || wanted.includes(name));
const reports = new Map(chosen.map(({ name }) => [name, undefined]));
// Those that take longest first, so that no page is left with one of them at the end.
const waiting = chosen.toSorted((a, b) => gpuFirst(b.name) - gpuFirst(a.name));
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { name, search } = next;
      if (next.offered) reports.set(name, await certifyEngine(name, search));
      else {
        const unsupported = "this browser offers no WebGPU adapter";
        console.log(`unsupported  ${name.padEnd(24)} ${unsupported}`);
        reports.set(name, { wrong: 0, entry: { engine: name, unsupported } });
      }
    }
  }),
);
const all = [...reports.values()];
const entries = all.map(({ entry }) => entry);
if (values.json) writeFileSync(values.json, `${JSON.stringify(entries, null, 1)}\n`);
process.exitCode = all.some(({ wrong }) => wrong > 0) ? 1 : 0;
