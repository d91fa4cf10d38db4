// Writes what the benchmark measured into docs/performance.md, between its markers, and its charts beside it.
//
//   npm run bench -- --json docs/performance.json && node bench/page.mjs [--check]
//
// `--check` writes nothing and fails where the page or a chart is not what the figures make.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { chartsOf } from "./page-charts.mjs";
import { tablesOf } from "./page-tables.mjs";

const docs = new URL("../docs/", import.meta.url);
const page = new URL("performance.md", docs);

/** By address, what files should hold. */
export function made() {
  const measured = JSON.parse(readFileSync(new URL("performance.json", docs), "utf8"));
  const tables = tablesOf(measured);
  const used = new Set();
  const text = readFileSync(page, "utf8").replace(
    /(<!-- figures: ([\w -]+) -->\n)[^]*?(<!-- end -->)/g,
    (_, start, name, end) => {
      used.add(name);
      if (tables[name] === undefined) throw new Error(`no figures named "${name}"`);
      return `${start}\n${tables[name]}\n\n${end}`;
    },
  );
  for (const name of Object.keys(tables))
    if (!used.has(name)) throw new Error(`the page has no place for "${name}"`);
  const charts = chartsOf(measured).map(([name, svg]) => [new URL(`charts/${name}.svg`, docs), svg]);
  return [[page, text], ...charts];
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const check = process.argv.includes("--check");
  mkdirSync(new URL("charts/", docs), { recursive: true });
  for (const [file, text] of made()) {
    const same = existsSync(file) && readFileSync(file, "utf8") === text;
    if (check && !same) throw new Error(`${file.pathname} is not what its figures make: node bench/page.mjs`);
    if (!same) writeFileSync(file, text);
  }
}
