// What models cost, ours on each engine beside the same engine driven by hand, in turns in one run.
//
//   npm run build && npm run bench [-- --quick] [--only recurrent,streams]
//   [--engines builtin,onnxruntime-web] [--units 64,128,256,512] [--batch 1,8,32] [--time 100]
//   [--seconds 0.5] [--patience 2] [--runs 15] [--clock processor] [--json FILE]
//
// Printed are medians, and how many times as long each takes as the first. `--clock processor` counts what
// the process's threads computed, for machines that others use as well; ratios hold there, absolute figures
// don't.
// `node bench/page.mjs FILE` makes tables and charts of docs/performance.md from the JSON.
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { parseArgs } from "node:util";
import { attention } from "./attention.mjs";
import { audio } from "./audio.mjs";
import { characters } from "./characters.mjs";
import { clocks } from "./clocks.mjs";
import { customCell } from "./custom-cell.mjs";
import { loadEngines, loaders } from "./engines.mjs";
import { memory } from "./memory.mjs";
import { race } from "./race.mjs";
import { recurrent } from "./recurrent.mjs";
import { startup } from "./startup.mjs";
import { streams } from "./streams.mjs";

const sections = { recurrent, custom: customCell, attention, characters, streams, audio, startup, memory };
/** What `--quick` has instead: a minute and a half. */
const quick = {
  units: "64,256",
  batch: "1",
  seconds: "0.05",
  runs: "3",
  engines: "builtin,builtin loops,onnxruntime-web,onnxruntime-node,tfjs wasm",
};
const full = {
  units: "64,128,256,512",
  batch: "1,8,32",
  seconds: "0.5",
  runs: "15",
  engines: Object.keys(loaders).join(","),
};

const option = (type) => ({ type });
const { values } = parseArgs({
  options: {
    quick: option("boolean"),
    only: option("string"),
    engines: option("string"),
    units: option("string"),
    batch: option("string"),
    time: option("string"),
    seconds: option("string"),
    patience: option("string"),
    runs: option("string"),
    clock: option("string"),
    json: option("string"),
  },
});
const args = {
  time: "100",
  clock: "wall",
  patience: "2",
  only: Object.keys(sections).join(","),
  ...(values.quick ? quick : full),
  ...values,
};
const numbers = (text) => text.split(",").map(Number);
const now = clocks[args.clock];
if (!now) throw new Error(`--clock: expected ${Object.keys(clocks).join(" or ")}, got ${args.clock}`);
const wanted = args.only.split(",");
for (const name of wanted)
  if (!sections[name])
    throw new Error(`--only: expected some of ${Object.keys(sections).join(", ")}, got ${name}`);

const { engines, missing } = await loadEngines(args.engines.split(","));
for (const name of missing) console.log(`${name}: not installed, left out`);

const results = [];
/** Prints what a race gave and keeps it, in the file as well: medians over the steps of a call. */
function report({ steps, ...about }, contestants, given) {
  console.log(
    `\n${Object.entries(about)
      .map(([key, value]) => (key === "section" ? value : `${key} ${value}`))
      .join(", ")}`,
  );
  const first = given.find((one) => one)?.median;
  contestants.forEach(({ engine, kind, how, byHand }, k) => {
    const [label, one] = [[engine, kind, how].filter(Boolean).join(", "), given[k]];
    if (!one) return console.log(`  ${label.padEnd(44)} ${"left out: too slow".padStart(12)}`);
    const rounded = (value) => Number((value / steps).toPrecision(4));
    const [median, quartiles] = [rounded(one.median), one.quartiles.map(rounded)];
    const figure = median.toPrecision(3).includes("e") ? median.toFixed(0) : median.toPrecision(3);
    console.log(
      `  ${label.padEnd(44)} ${figure.padStart(10)} ${(one.median / first).toFixed(2).padStart(8)}x`,
    );
    results.push({
      ...about,
      engine,
      ...(kind ? { kind } : {}),
      how,
      ...(byHand ? { byHand } : {}),
      median,
      quartiles,
    });
  });
  if (args.json) save(args.json);
}

/** What a section has that is not about sizes: the least and the most. */
const ends = (list) => [...new Set([list[0], list.at(-1)])];

/** What is as it was installed; package.json of a library is often not among what it exports. */
function versionOf(name) {
  const entry = createRequire(import.meta.url).resolve(name);
  const folder = `${sep}node_modules${sep}${name.replace("/", sep)}${sep}`;
  const file = join(entry.slice(0, entry.lastIndexOf(folder)), folder, "package.json");
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/** Writes what there is so far. */
function save(file) {
  const libraries = ["onnxruntime-web", "onnxruntime-node", "@tensorflow/tfjs", "brain.js"];
  const about = {
    ...{ clock: args.clock, seconds: Number(args.seconds), patience: Number(args.patience) },
    ...{ time: given.time, runs: given.runs, missing },
    ...{ node: process.versions.node, processor: cpus()[0].model.trim(), cores: cpus().length },
    versions: Object.fromEntries(
      libraries.filter((name) => !missing.includes(name)).map((name) => [name, versionOf(name)]),
    ),
  };
  // A line for each result, as whoever compares two runs reads lines.
  const lines = results.map((result) => JSON.stringify(result)).join(",\n");
  writeFileSync(file, `{"about":${JSON.stringify(about)},\n"results":[\n${lines}\n]}\n`);
}

const given = {
  engines,
  batches: numbers(args.batch),
  units: numbers(args.units),
  ends,
  time: Number(args.time),
  counts: values.quick ? [1000] : [100, 1000, 10_000],
  voices: values.quick ? [16] : [8, 16, 24, 40],
  runs: Number(args.runs),
  clock: args.clock,
  race: (contestants) =>
    race(contestants, { seconds: Number(args.seconds), now, patience: Number(args.patience) }),
  report,
};
console.log(`${args.clock} clock, medians; x: how many times as long as the first takes`);
for (const name of wanted) await sections[name](given);
// Threads of libraries are still there.
process.exit(0);
