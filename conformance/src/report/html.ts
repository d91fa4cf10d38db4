import type { CertifyReport, PropertyReport } from "../certify.js";
import type { Numbers } from "./numbers.js";
import type { SupportEntry } from "./support.js";

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);
const ratio = (value: number): string =>
  value === 0 ? "0" : value < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
const number = (value: number | string | null): string =>
  typeof value === "number"
    ? value === 0
      ? "0"
      : Math.abs(value) < 1e-3
        ? value.toExponential(2)
        : `${Number(value.toPrecision(6))}`
    : (value ?? "");

/**
 * Bars of error over bound, a decade each, from 1e-6 to 1: everything right of the last bar would be a fault.
 */
function bars(counts: readonly number[]): string {
  const largest = Math.max(1, ...counts);
  const width = 12;
  return `<svg class="bars" viewBox="0 0 ${counts.length * width} 26" role="img" aria-label="cases by decade of error over bound: ${counts.join(", ")}">${counts
    .map((count, k) =>
      count === 0
        ? ""
        : `<rect x="${k * width + 1}" y="${24 - (22 * count) / largest}" width="${width - 2}" height="${(22 * count) / largest}"><title>${k === 0 ? "below 1e-6" : `${`1e-${7 - k}`} to ${k === 6 ? "1" : `1e-${6 - k}`}`}: ${count}</title></rect>`,
    )
    .join("")}<line x1="0" y1="24.5" x2="${counts.length * width}" y2="24.5"/></svg>`;
}

const symbols = { passed: "\u2713", failed: "\u2717", unsupported: "\u2013" } as const;

/** How a property ended in one form: three cells. */
const cellsOf = ({ status, runs, skipped, skips, worstErrorOverBound, histogram }: PropertyReport): string =>
  `<td class="status ${status}">${symbols[status]}</td><td class="n">${runs}${
    skipped > 0
      ? `<br><small title="${escape(
          Object.entries(skips)
            .map(([reason, count]) => `${count}: ${reason}`)
            .join("\n"),
        )}">${skipped} skipped</small>`
      : ""
  }</td><td class="n">${worstErrorOverBound === null ? (status === "unsupported" ? "" : "exact") : ratio(worstErrorOverBound)}${worstErrorOverBound === null ? "" : bars(histogram)}</td>`;

/** A tensor drawn as rows of its last axis. */
function drawn(name: string, { shape, values }: Numbers): string {
  const columns = shape[shape.length - 1] ?? 1;
  const rows = Array.from(
    { length: values.length / columns },
    (_, row) =>
      `<tr>${values
        .slice(row * columns, (row + 1) * columns)
        .map((value) => `<td>${number(value)}</td>`)
        .join("")}</tr>`,
  );
  return `<figure><figcaption>${escape(name)} <small>[${shape.join(", ")}]</small></figcaption><table>${rows.join("")}</table></figure>`;
}

/**
 * Why a property did not pass, with the counterexample; forms that stumble over the same case are told of
 * once.
 */
function why(own: readonly PropertyReport[], columns: number): string {
  const key = ({ reason, counterexample }: PropertyReport): string => `${reason} ${counterexample?.path}`;
  const notable = own.filter(({ status }) => status !== "passed");
  return [...new Set(notable.map(key))]
    .map((one) => notable.filter((report) => key(report) === one))
    .map((same) => explained(same[0]!, same.map(({ form }) => form).join(" and "), columns))
    .join("");
}

function explained(report: PropertyReport, forms: string, columns: number): string {
  const found = report.counterexample;
  return `<tr class="why"><td colspan="${columns}"><p><b>${report.status}</b>, ${forms}: ${escape(report.reason ?? "")}</p>${
    found
      ? `
    <dl><dt>case</dt><dd>${escape(found.case)}</dd>
    <dt>first element that is off</dt><dd>${found.firstBadIndex ?? "none"}</dd>
    <dt>got</dt><dd>${number(found.got)}</dd><dt>want</dt><dd>${number(found.want)}${found.bound === null ? "" : ` within ${number(found.bound)}`}</dd>
    ${
      found.numbers === null
        ? ""
        : `<dt>numbers</dt><dd class="numbers">${Object.entries(found.numbers)
            .map(([name, one]) => drawn(name, one))
            .join("")}</dd>`
    }
    <dt>replay</dt><dd><code>unroll certify --adapter ... --seed ${found.seed} --only ${report.id} --path ${found.path}</code></dd></dl>
    <details><summary>spec</summary><pre>${escape(JSON.stringify(found.spec, null, 2))}</pre></details>`
      : ""
  }</td></tr>`;
}

/** Properties, each once, with the forms side by side. */
function propertyTable(properties: readonly PropertyReport[]): string {
  const forms = [...new Set(properties.map(({ form }) => form))];
  const columns = 1 + 3 * forms.length;
  const rows = [...new Set(properties.map(({ id }) => id))].map((id) => {
    const own = forms.map((form) => properties.find((one) => one.id === id && one.form === form)!);
    const { title, rules } = own[0]!;
    return `<tr><td><b>${escape(title)}</b><br><small>${id} &middot; ${rules
      .filter((rule) => !/^R\d/.test(rule))
      .map(escape)
      .join(", ")}</small></td>${own.map(cellsOf).join("")}</tr>${why(own, columns)}`;
  });
  return `<table><thead><tr><th></th>${forms.map((form) => `<th colspan="3">${form === "as is" ? "the engine as it is" : "every composite expanded"}</th>`).join("")}</tr>
<tr><th>property</th>${forms.map(() => `<th></th><th class="n">cases</th><th class="n">worst error / bound</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table>
<p class="key">Bars count cases by error over bound, a decade each, from below 1e-6 on the left to 1 on the right.</p>`;
}

const marks = {
  own: ["\u25cf", "by its own operators"],
  composed: ["\u25d0", "by the decomposition into primitives"],
  refused: ["\u2013", "refused"],
  wrong: ["\u2717", "wrong"],
} as const;

/** A table of options by layers; a half that differs in one mode says which. */
function matrix(entries: readonly SupportEntry[], layers: readonly string[]): string {
  const own = entries.filter(({ layer }) => layers.includes(layer));
  const entry = (layer: string, option: string): string => {
    const found = own.filter((one) => one.layer === layer && one.option === option);
    const told = (one: SupportEntry): string =>
      `<span class="${one.how}" title="${escape(`${one.mode}: ${one.reason ?? marks[one.how][1]}`)}">${marks[one.how][0]}</span>`;
    return found.length === 0
      ? ""
      : new Set(found.map(({ how }) => how)).size === 1
        ? told(found[0]!)
        : found.map((one) => `${told(one)} <small>${one.mode}</small>`).join(" ");
  };
  const rows = [...new Set(own.map(({ option }) => option))];
  return `<table class="matrix"><thead><tr><th></th>${layers.map((layer) => `<th>${escape(layer)}</th>`).join("")}</tr></thead><tbody>${rows.map((option) => `<tr><td>${escape(option)}</td>${layers.map((layer) => `<td>${entry(layer, option)}</td>`).join("")}</tr>`).join("")}</tbody></table>`;
}

/** What the engine runs: layers that share most of their options side by side. */
function supportSection(support: readonly SupportEntry[]): string {
  const layers = [...new Set(support.map(({ layer }) => layer))];
  const recurrent = layers.filter((layer) =>
    support.some((one) => one.layer === layer && one.option === "backward"),
  );
  return `<h2>What it runs</h2><p class="key">${Object.entries(marks)
    .map(([how, [mark, meaning]]) => `<span><span class="${how}">${mark}</span> ${meaning}</span>`)
    .join("")}</p>
${matrix(support, recurrent)}<div class="beside">${layers
    .filter((layer) => !recurrent.includes(layer))
    .map((layer) => matrix(support, [layer]))
    .join("")}</div>`;
}

/** A report as one page that needs nothing else. */
export function htmlReport(report: CertifyReport): string {
  const { summary, adapter, device, version, runtime, seed, runs, properties, capabilities } = report;
  const wrong = summary.wrong > 0 ? `${summary.wrong} options of layers are wrong` : "";
  const failed = summary.failed > 0 ? `${summary.failed} of ${properties.length} properties failed` : "";
  const verdict =
    [failed, wrong].filter((part) => part !== "").join(", ") || "every property that it can run holds";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(adapter)} on ${escape(device)}: ${verdict}</title>
<style>
:root{color-scheme:light dark;--line:#8884;--ok:#1a7f4b;--bad:#c62f2f;--dim:#888}
@media(prefers-color-scheme:dark){:root{--ok:#4cc38a;--bad:#ff6b6b}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2.5rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .5rem}
p.lead{margin:.2rem 0 1rem;color:var(--dim)}.verdict{font-size:1.15rem;font-weight:600;color:var(--ok)}.verdict.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%}th{font-weight:500;text-align:left;color:var(--dim);font-size:.85rem}
td,th{padding:.45rem .5rem;border-top:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
small{color:var(--dim)}.status{font-weight:700}.status.passed{color:var(--ok)}.status.failed{color:var(--bad)}.status.unsupported{color:var(--dim)}
.why td{border-top:0;padding:0 0 .5rem 1.2rem}.why p{margin:.1rem 0}.bars{width:70px;height:20px;display:block;margin-left:auto}.bars rect{fill:var(--ok)}.bars line{stroke:var(--line)}
.matrix{width:auto;margin-bottom:1rem}.matrix td,.matrix th{padding:.12rem .9rem .12rem 0;font-size:.9rem}.matrix .own{color:var(--ok)}.matrix .wrong,.key .wrong{color:var(--bad);font-weight:700}.key .own{color:var(--ok)}.refused{color:var(--dim)}
.key>span{margin-right:1.4rem}.key{font-size:.9rem;color:var(--dim)}.beside{display:flex;flex-wrap:wrap;gap:0 3rem;align-items:flex-start}
.numbers{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}.numbers figure{margin:0}.numbers table{width:auto;border-left:2px solid var(--line);border-right:2px solid var(--line)}.numbers td{border:0;padding:0 .35rem;font-size:.8rem;text-align:right;font-variant-numeric:tabular-nums}figcaption{font-size:.8rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.4rem 0}dt{color:var(--dim)}dd{margin:0}pre{overflow:auto;font-size:.8rem}.chips span{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:.05rem .6rem;margin:.1rem;font-size:.85rem}
</style>
<h1>${escape(adapter)}${version === null ? "" : ` ${escape(version)}`} <small>on ${escape(device)}</small></h1>
<p class="verdict${failed || wrong ? " bad" : ""}">${verdict}</p>
<p class="lead">${summary.passed} passed, ${summary.failed} failed, ${summary.unsupported} unsupported &middot; seed ${seed} &middot; ${runs} runs a property &middot; ${escape(runtime)}</p>
<h2>What holds</h2>
${propertyTable(properties)}
${report.support ? supportSection(report.support) : ""}
<h2>What it claims</h2><p>precision ${capabilities.precision}, ${capabilities.synchronous ? "synchronous" : "asynchronous"}, ${capabilities.memory} memory${capabilities.losesNaN ? ", a NaN may be lost in any operation" : ""}</p>
<p class="chips">${capabilities.primitives.map((name) => `<span>${escape(name)}</span>`).join("")}</p>
<p class="chips">${
    Object.entries(capabilities.composites)
      .map(
        ([name, claim]) =>
          `<span title="${escape(JSON.stringify(claim))}">${escape(name)}${claim.losesNaN ? " <small>may lose NaN</small>" : ""}</span>`,
      )
      .join("") || "no composite"
  }</p></html>
`;
}
