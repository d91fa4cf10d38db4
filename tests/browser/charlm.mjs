// The character model on every engine of a real browser: its log-likelihood per character against PyTorch's.
//
//   npm run build && npm run test:browser [-- --length 999]
import { parseArgs } from "node:util";
import { withPage } from "./browser.mjs";

const { values } = parseArgs({ options: { length: { type: "string", default: "200" } } });
const length = Number(values.length);

const failed = await withPage("charlm.page.ts", async (page, problems) => {
  const names = await page.evaluate(() => globalThis.engineNames);
  const browser = await page.evaluate(() => navigator.userAgent.match(/Chrome\/[\d.]+/)[0]);
  console.log(`${length} characters in ${browser}: nats per character, and how far from PyTorch's float64`);
  let wrong = 0;
  const gpu = await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()));
  for (const name of names) {
    if (name.endsWith("webgpu") && !gpu) {
      console.log(`--   ${name.padEnd(22)} this browser offers no WebGPU adapter`);
      continue;
    }
    const started = performance.now();
    const { sequence, step, recorded } = await page.evaluate(
      ([engine, count]) => globalThis.loglik(engine, count),
      [name, length],
    );
    const away = Math.max(Math.abs(sequence - recorded), Math.abs(step - recorded));
    // The same limit as in Node: NaN is over it too.
    const good = away < 1e-5;
    if (!good) wrong++;
    const facts = [
      `sequence ${sequence.toFixed(6)}`,
      `step ${step.toFixed(6)}`,
      `off by ${away.toExponential(1)}`,
      `${((performance.now() - started) / 1000).toFixed(1)} s`,
    ];
    console.log(`${good ? "ok  " : "FAIL"} ${name.padEnd(22)} ${facts.join("  ")}`);
  }
  for (const problem of problems) console.log(`FAIL page error: ${problem}`);
  return wrong + problems.length;
});
process.exitCode = failed ? 1 : 0;
