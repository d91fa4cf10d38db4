import type { CertifyReport, PropertyReport } from "../certify.js";
import type { Numbers } from "./numbers.js";
import { style } from "./style.js";
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
  const bar = (count: number, k: number): string => {
    if (count === 0) return "";
    const height = (22 * count) / largest;
    const decade = k === 0 ? "below 1e-6" : `1e-${7 - k} to ${k === 6 ? "1" : `1e-${6 - k}`}`;
    const place = `x="${k * width + 1}" y="${24 - height}" width="${width - 2}" height="${height}"`;
    return `<rect ${place}><title>${decade}: ${count}</title></rect>`;
  };
  const label = `cases by decade of error over bound: ${counts.join(", ")}`;
  return [
    `<svg class="bars" viewBox="0 0 ${counts.length * width} 26" role="img" aria-label="${label}">`,
    ...counts.map(bar),
    `<line x1="0" y1="24.5" x2="${counts.length * width}" y2="24.5"/></svg>`,
  ].join("");
}

const symbols = { passed: "\u2713", failed: "\u2717", unsupported: "\u2013" } as const;

/** How a property ended in one form: three cells. */
function cellsOf(report: PropertyReport): string {
  const { status, runs, milliseconds, skipped, skips, met, worstErrorOverBound, histogram } = report;
  const reasons = Object.entries(skips).map(([reason, count]) => `${count}: ${reason}`);
  const left = `<br><small title="${escape(reasons.join("\n"))}">${skipped} skipped</small>`;
  const kinds = Object.entries(met);
  const counts = kinds.map(([kind, count]) => `${kind}: ${count}`).join("\n");
  const many = `${kinds.filter(([, count]) => count > 0).length} of ${kinds.length}`;
  const of = kinds.length > 0 ? `<br><small title="${escape(counts)}">${many} kinds met</small>` : "";
  const exact = status === "unsupported" ? "" : "exact";
  const worst = worstErrorOverBound === null ? exact : `${ratio(worstErrorOverBound)}${bars(histogram)}`;
  return [
    `<td class="status ${status}">${symbols[status]}</td>`,
    `<td class="n" title="in ${milliseconds} ms">${runs}${skipped > 0 ? left : ""}${of}</td>`,
    `<td class="n">${worst}</td>`,
  ].join("");
}

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
  const caption = `${escape(name)} <small>[${shape.join(", ")}]</small>`;
  return `<figure><figcaption>${caption}</figcaption><table>${rows.join("")}</table></figure>`;
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
  const { status, reason, id, counterexample } = report;
  const told = `<p><b>${status}</b>, ${forms}: ${escape(reason ?? "")}</p>`;
  const found = counterexample ? foundIn(counterexample, id) : "";
  return `<tr class="why"><td colspan="${columns}">${told}${found}</td></tr>`;
}

/** The case on which a property failed, and how to see it again. */
function foundIn(found: NonNullable<PropertyReport["counterexample"]>, id: string): string {
  const within = found.bound === null ? "" : ` within ${number(found.bound)}`;
  const numbers = Object.entries(found.numbers ?? {}).map(([name, one]) => drawn(name, one));
  const replay = `unroll certify --adapter ... --seed ${found.seed} --only ${id} --path ${found.path}`;
  return `
    <dl><dt>case</dt><dd>${escape(found.case)}</dd>
    <dt>first element that is off</dt><dd>${found.firstBadIndex ?? "none"}</dd>
    <dt>got</dt><dd>${number(found.got)}</dd><dt>want</dt><dd>${number(found.want)}${within}</dd>
    ${found.numbers === null ? "" : `<dt>numbers</dt><dd class="numbers">${numbers.join("")}</dd>`}
    <dt>replay</dt><dd><code>${replay}</code></dd></dl>
    <details><summary>spec</summary><pre>${escape(JSON.stringify(found.spec, null, 2))}</pre></details>`;
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
  const names = { "as is": "the engine as it is", expanded: "every composite expanded" };
  const heads = forms.map((form) => `<th colspan="3">${names[form]}</th>`);
  const columnHeads = `<th></th><th class="n">cases</th><th class="n">worst error / bound</th>`;
  const body = `<tbody>${rows.join("\n")}</tbody>`;
  return `<table><thead><tr><th></th>${heads.join("")}</tr>
<tr><th>property</th>${forms.map(() => columnHeads).join("")}</tr></thead>${body}</table>
<p class="key">${KEY}</p>`;
}

const KEY =
  "Bars count cases by error over bound, a decade each, from below 1e-6 on the left to 1 on the right.";

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
    const told = ({ how, mode, reason }: SupportEntry): string => {
      const [mark, meaning] = marks[how];
      return `<span class="${how}" title="${escape(`${mode}: ${reason ?? meaning}`)}">${mark}</span>`;
    };
    return found.length === 0
      ? ""
      : new Set(found.map(({ how }) => how)).size === 1
        ? told(found[0]!)
        : found.map((one) => `${told(one)} <small>${one.mode}</small>`).join(" ");
  };
  const rows = [...new Set(own.map(({ option }) => option))].map((option) => {
    const cells = layers.map((layer) => `<td>${entry(layer, option)}</td>`);
    return `<tr><td>${escape(option)}</td>${cells.join("")}</tr>`;
  });
  const heads = layers.map((layer) => `<th>${escape(layer)}</th>`).join("");
  const head = `<thead><tr><th></th>${heads}</tr></thead>`;
  return `<table class="matrix">${head}<tbody>${rows.join("")}</tbody></table>`;
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

const HEAD =
  `<!doctype html><html lang="en"><meta charset="utf-8">` +
  `<meta name="viewport" content="width=device-width">`;

/** A report as one page that needs nothing else. */
export function htmlReport(report: CertifyReport): string {
  const { summary, adapter, device, version, runtime, seed, runs, properties, capabilities } = report;
  const wrong = summary.wrong > 0 ? `${summary.wrong} options of layers are wrong` : "";
  const failed = summary.failed > 0 ? `${summary.failed} of ${properties.length} properties failed` : "";
  const verdict =
    [failed, wrong].filter((part) => part !== "").join(", ") || "every property that it can run holds";
  const name = `${escape(adapter)}${version === null ? "" : ` ${escape(version)}`}`;
  const lead = [
    `${summary.passed} passed, ${summary.failed} failed, ${summary.unsupported} unsupported`,
    `seed ${seed}`,
    `${runs} runs a property`,
    escape(runtime),
  ];
  const primitives = capabilities.primitives.map((one) => `<span>${escape(one)}</span>`);
  const composites = Object.entries(capabilities.composites).map(([one, claim]) => {
    const loss = claim.losesNaN ? " <small>may lose NaN</small>" : "";
    return `<span title="${escape(JSON.stringify(claim))}">${escape(one)}${loss}</span>`;
  });
  const claimed = [
    `precision ${capabilities.precision}`,
    capabilities.synchronous ? "synchronous" : "asynchronous",
    `${capabilities.memory} memory`,
    ...(capabilities.losesNaN ? ["a NaN may be lost in any operation"] : []),
  ];
  return `${HEAD}<title>${escape(adapter)} on ${escape(device)}: ${verdict}</title>
<style>
${style}
</style>
<h1>${name} <small>on ${escape(device)}</small></h1>
<p class="verdict${failed || wrong ? " bad" : ""}">${verdict}</p>
<p class="lead">${lead.join(" &middot; ")}</p>
<h2>What holds</h2>
${propertyTable(properties)}
${report.support ? supportSection(report.support) : ""}
<h2>What it claims</h2><p>${claimed.join(", ")}</p>
<p class="chips">${primitives.join("")}</p>
<p class="chips">${composites.join("") || "no composite"}</p></html>
`;
}
