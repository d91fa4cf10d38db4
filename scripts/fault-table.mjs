// Writes docs/faults.md: every planted fault and the properties that kill it.
//
//   npm run build && node scripts/fault-table.mjs
import { writeFileSync } from "node:fs";
import { faults, killers, properties } from "@unroll/conformance";

const rows = [];
const kills = new Map(properties.map(({ id }) => [id, 0]));
for (const fault of faults) {
  const by = await killers(fault, { seed: 1, first: false });
  for (const id of by) kills.set(id, kills.get(id) + 1);
  rows.push(`| ${fault.id} | ${fault.title} | ${fault.seen} | ${by.join(", ") || "**none**"} |`);
  console.log(fault.id, by.length);
}
writeFileSync(new URL("../docs/faults.md", import.meta.url), `# Planted faults

${faults.length} ways to break an honest engine (\`conformance/src/faults\`), each of which has happened for real, and the properties that
kill it within the default 100 runs, at seed 1. Written by \`node scripts/fault-table.mjs\`; a test demands that each is killed at
any seed.

| fault | what is wrong | where it has happened | killed by |
| --- | --- | --- | --- |
${rows.join("\n")}

## What each property kills

| property | faults | sentence |
| --- | ---: | --- |
${properties.map(({ id, title }) => `| ${id} | ${kills.get(id)} | ${title} |`).join("\n")}

\`use-after-dispose\` and \`unclaimed-is-refused\` kill none of these: what they hold is mostly the library's own part (the model, the
state, legalization), which a wrapper of an engine can't break. They stay because a stranger's report should say it.
`);
