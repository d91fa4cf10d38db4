// What a process holds once a model has answered, in MiB: all that is in memory, and what of it JavaScript
// counts, its heap and the buffers outside.
import { inFreshProcesses } from "./fresh-process.mjs";
import { quartilesOf } from "./race.mjs";

const MIB = 2 ** 20;

export async function memory({ engines, runs, report }) {
  const names = engines.map(([name]) => name);
  const units = 512;
  const results = inFreshProcesses({ engines: names, runs, inputSize: units, units });
  for (const [what, of] of Object.entries({
    resident: ({ rss }) => rss,
    "heap and buffers": ({ heapUsed, external }) => heapUsed + external,
  }))
    await report(
      { section: "memory", what, units, steps: MIB, unit: "MiB" },
      results,
      results.map(({ runs }) => quartilesOf(runs.map(({ memory }) => of(memory)))),
    );
}
