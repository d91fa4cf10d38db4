// From the first import to the first output of a small LSTM, in fresh processes.
import { inFreshProcesses } from "./fresh-process.mjs";
import { quartilesOf } from "./race.mjs";

export async function startup({ engines, runs, clock, report }) {
  const names = engines.map(([name]) => name);
  const results = inFreshProcesses({ engines: names, runs, inputSize: 8, units: 32 });
  for (const [what, of] of Object.entries({
    "to the first output": ({ took }) => took[clock],
    "whole process": ({ whole }) => whole[clock],
  }))
    await report(
      { section: "startup", what, steps: 1000, unit: "ms" },
      results,
      // Milliseconds, as microseconds are what every other figure is in.
      results.map(({ runs }) => quartilesOf(runs.map((run) => 1000 * of(run)))),
    );
}
