import type { CertifyReport, PropertyReport } from "../certify.js";

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);
const ratio = (value: number): string => (value === 0 ? "0" : value < 1e-3 ? value.toExponential(1) : value.toPrecision(3));
const number = (value: number | string | null): string => (typeof value === "number" ? (value === 0 ? "0" : Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(6)) : value ?? "");

/** Bars of error over bound, a decade each, from 1e-6 to 1: everything right of the last bar would be a fault. */
function bars(counts: readonly number[]): string {
  const largest = Math.max(1, ...counts);
  const width = 12;
  return `<svg class="bars" viewBox="0 0 ${counts.length * width} 26" role="img" aria-label="cases by decade of error over bound: ${counts.join(", ")}">${
    counts.map((count, k) => (count === 0 ? "" : `<rect x="${k * width + 1}" y="${24 - (22 * count) / largest}" width="${width - 2}" height="${(22 * count) / largest}"><title>${k === 0 ? "below 1e-6" : `${`1e-${7 - k}`} to ${k === 6 ? "1" : `1e-${6 - k}`}`}: ${count}</title></rect>`)).join("")}<line x1="0" y1="24.5" x2="${counts.length * width}" y2="24.5"/></svg>`;
}

function row(report: PropertyReport): string {
  const found = report.counterexample;
  const told = report.status === "passed" ? "" : `<tr class="why"><td></td><td colspan="5"><p>${escape(report.reason ?? "")}</p>${found ? `
    <dl><dt>case</dt><dd>${escape(found.case)}</dd>
    <dt>first element that is off</dt><dd>${found.firstBadIndex ?? "none"}</dd>
    <dt>got</dt><dd>${number(found.got)}</dd><dt>want</dt><dd>${number(found.want)}${found.bound === null ? "" : ` within ${number(found.bound)}`}</dd>
    <dt>replay</dt><dd><code>unroll certify --adapter ... --seed ${found.seed} --only ${report.id} --path ${found.path}</code></dd></dl>
    <details><summary>spec</summary><pre>${escape(JSON.stringify(found.spec, null, 2))}</pre></details>` : ""}</td></tr>`;
  return `<tr class="${report.status}"><td class="status">${{ passed: "\u2713", failed: "\u2717", unsupported: "\u2013" }[report.status]}</td><td><b>${escape(report.title)}</b><br><small>${report.id} &middot; ${report.rules.filter((rule) => !/^R\d/.test(rule)).map(escape).join(", ")}</small></td><td class="n">${report.runs}</td><td class="n">${report.skipped || ""}</td><td class="n">${report.worstErrorOverBound === null ? "exact" : ratio(report.worstErrorOverBound)}</td><td>${report.worstErrorOverBound === null ? "" : bars(report.histogram)}</td></tr>${told}`;
}

/** A report as one page that needs nothing else. */
export function htmlReport(report: CertifyReport): string {
  const { summary, adapter, device, seed, runs, properties, capabilities } = report;
  const forms = [...new Set(properties.map(({ form }) => form))];
  const verdict = summary.failed > 0 ? `${summary.failed} of ${properties.length} properties failed` : `every property that it can run holds`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(adapter)} on ${escape(device)}: ${verdict}</title>
<style>
:root{color-scheme:light dark;--line:#8884;--ok:#1a7f4b;--bad:#c62f2f;--dim:#888}
@media(prefers-color-scheme:dark){:root{--ok:#4cc38a;--bad:#ff6b6b}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2.5rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .5rem}
p.lead{margin:.2rem 0 1rem;color:var(--dim)}.verdict{font-size:1.15rem;font-weight:600;color:var(--ok)}.verdict.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%}th{font-weight:500;text-align:left;color:var(--dim);font-size:.85rem}
td,th{padding:.45rem .5rem;border-top:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
small{color:var(--dim)}.status{font-weight:700}.passed .status{color:var(--ok)}.failed .status{color:var(--bad)}.unsupported .status{color:var(--dim)}
.why td{border-top:0;padding-top:0}.why p{margin:.1rem 0}.bars{width:84px;height:26px;display:block}.bars rect{fill:var(--ok)}.bars line{stroke:var(--line)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.4rem 0}dt{color:var(--dim)}dd{margin:0}pre{overflow:auto;font-size:.8rem}.chips span{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:.05rem .6rem;margin:.1rem;font-size:.85rem}
</style>
<h1>${escape(adapter)} <small>on ${escape(device)}</small></h1>
<p class="verdict${summary.failed > 0 ? " bad" : ""}">${verdict}</p>
<p class="lead">${summary.passed} passed, ${summary.failed} failed, ${summary.unsupported} unsupported &middot; seed ${seed} &middot; ${runs} runs a property</p>
${forms.map((form) => `<h2>${form === "as is" ? "The engine as it is" : "With every composite expanded into primitives"}</h2><table><thead><tr><th></th><th>property</th><th class="n">cases</th><th class="n">skipped</th><th class="n">worst error / bound</th><th>by decade, 1e-6 to 1</th></tr></thead><tbody>${properties.filter((one) => one.form === form).map(row).join("\n")}</tbody></table>`).join("\n")}
<h2>What it claims</h2><p>precision ${capabilities.precision}, ${capabilities.synchronous ? "synchronous" : "asynchronous"}, ${capabilities.memory} memory</p>
<p class="chips">${capabilities.primitives.map((name) => `<span>${escape(name)}</span>`).join("")}</p>
<p class="chips">${Object.entries(capabilities.composites).map(([name, claim]) => `<span title="${escape(JSON.stringify(claim))}">${escape(name)}${claim.without ? ` <small>without ${escape(claim.without.join(", "))}</small>` : ""}</span>`).join("") || "no composite"}</p></html>
`;
}
