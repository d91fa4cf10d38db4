// Writes docs/faults.md: every planted fault and the properties that kill it.
//
//   npm run build && node scripts/fault-table.mjs [--new]
//
// All of it takes half an hour; with --new only faults that the page does not have yet meet the properties.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import {
  faultFamilies,
  faults,
  killers,
  mustKill,
  namedProperties,
  properties,
  tableFaults,
} from "@unroll/conformance";

const root = fileURLToPath(new URL("..", import.meta.url));
const recorded = { torch: "fixtures/torch", keras: "fixtures/keras-like" };

/** How many of the recorded cases that a wrong table reads wrongly `unroll verify` fails. */
function verified({ dialect, read }) {
  const folder = mkdtempSync(join(tmpdir(), "unroll-tables-"));
  const entries = JSON.parse(
    readFileSync(join(root, recorded[dialect], "manifest.json"), "utf8"),
  ).cases.filter(({ file }) => {
    const changed = read(readSafetensors(readFileSync(join(root, recorded[dialect], file))).tensors);
    if (changed) writeFileSync(join(folder, file), writeSafetensors(changed));
    return changed;
  });
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ cases: entries }));
  let out;
  try {
    out = execFileSync(
      process.execPath,
      [
        join(root, "packages/cli/bin/unroll.js"),
        "verify",
        join(folder, "manifest.json"),
        "--adapter",
        "builtin",
        "--json",
      ],
      { encoding: "utf8" },
    );
  } catch (error) {
    out = error.stdout;
  }
  rmSync(folder, { recursive: true });
  const failed = new Set(
    JSON.parse(out)
      .cases.filter(({ status }) => status === "failed")
      .map(({ name }) => name.replace(/ held from zeros$/, "")),
  );
  return `${failed.size} of ${entries.length}`;
}

const kills = new Map(properties.map(({ id }) => [id, 0]));
const required = new Map(
  Object.entries(mustKill).map(([name, ids]) => [namedProperties[name].id, ids.join(", ")]),
);

const kept = process.argv.includes("--new")
  ? new Map(
      readFileSync(new URL("../docs/faults.md", import.meta.url), "utf8")
        .split("\n")
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .filter((cells) => cells.length === 6)
        .map(([, id, title, , by]) => [`${id} ${title}`, by.split(", ")]),
    )
  : new Map();

/** The table of one family. */
async function tableOf([family, members]) {
  const rows = [];
  for (const fault of members) {
    const by = kept.get(`${fault.id} ${fault.title}`) ?? (await killers(fault, { seed: 1, first: false }));
    for (const id of by) kills.set(id, kills.get(id) + 1);
    rows.push(`| ${fault.id} | ${fault.title} | ${fault.seen} | ${by.join(", ") || "**none**"} |`);
    console.log(fault.id, by.length);
  }
  return `## ${family.replaceAll("-", " ")}

| fault | what is wrong | where it has happened | killed by |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

const rowOf = ({ id, title }) => `| ${id} | ${kills.get(id)} | ${title} | ${required.get(id)} |`;

const tables = [];
for (const family of Object.entries(faultFamilies)) tables.push(await tableOf(family));
writeFileSync(
  new URL("../docs/faults.md", import.meta.url),
  `# Planted faults

${faults.length} ways to break an honest engine or weight layout (\`conformance/src/faults\`), each of which
has happened for real, and the properties that kill it within the default 100 runs, at seed 1. Written by
\`node scripts/fault-table.mjs\`; a test demands that each is killed at any seed, in a case that it
changes. Each family is a file of that name.${
    kept.size > 0 ? "\nA row does not list properties that are younger than its fault." : ""
  }

${tables.join("\n")}
## What each property kills

A test demands that each property alone kills the faults named last: one that checks nothing does not.

| property | faults | sentence | must kill |
| --- | ---: | --- | --- |
${properties.map(rowOf).join("\n")}

## Wrong weight tables

A table that is wrong in both directions survives every round trip: only results recorded from the
framework itself can tell. Each of these reads a dialect's weights as a wrong table would, and \`unroll
verify\` runs the recorded cases on the builtin engine. A case that it does not fail has nothing that the
fault changes in its results, such as a relu that is 0 throughout.

| table | what is wrong | recorded cases that fail |
| --- | --- | ---: |
${tableFaults.map((fault) => `| ${fault.id} | ${fault.title} | ${verified(fault)} |`).join("\n")}
`,
);
for (const [id, count] of kills)
  if (count === 0) console.error(`${id} kills nothing: say why in this page, or plant what it should kill`);
