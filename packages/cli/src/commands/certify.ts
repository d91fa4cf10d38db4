import { certify, type CertifyReport, htmlReport, type PropertyReport, written } from "@unroll/conformance";
import { runsOption, short } from "../numbers.js";
import { type Replay, replayOf, wrongPath } from "../replay.js";
import { type ReportFile, reportFile } from "../report-file.js";
import { jsonLine } from "../escaped.js";
import { type Step, withProgress } from "../progress.js";
import type { AddCommand } from "../command.js";
import type { Io } from "../io.js";
import { collectStrays } from "../strays.js";
import { type CertifySubject, subjectOf } from "../subject.js";
import { table } from "../table.js";

interface Options {
  readonly adapter?: string;
  readonly device?: string;
  readonly seed?: string;
  readonly runs: string;
  readonly only?: string;
  readonly path?: string;
  readonly json?: string;
  readonly html?: string;
}

const NOTHING = "expected a property that can be checked, got none; nothing checked is nothing passed";

/** `unroll certify`: whether an engine, ours or a stranger's, computes recurrent networks correctly. */
export const certifyCommand: AddCommand = (program, io, end) => {
  program
    .command("certify")
    .description("Tell with evidence whether an engine computes recurrent networks correctly")
    .option(
      "--adapter <name>",
      "builtin, tfjs, onnx, or a module whose default export (or export `adapter`) is an adapter " +
        "or makes one",
    )
    .option("--device <name>", "e.g. wasm")
    .option("--seed <s>", "of the cases (default: another each time; it is printed)")
    .option("--runs <n>", "cases for each property and form", "100")
    .option("--only <text>", "properties whose id contains this")
    .option("--path <path>", "replay one counterexample, with its seed and --only")
    .option("--json <file>", "write the report as JSON; - for the output")
    .option("--html <file>", "write the report as a page")
    .action(async (options: Options) => {
      const runs = runsOption(options.runs);
      const replay = replayOf(options);
      const files = await reportFiles(io, options);
      const subject = await subjectOf(options.adapter, options.device, io);
      let during = "its first property";
      const strays = collectStrays(() => during);
      const judged = await withProgress(io, 1000, (step) =>
        judge(subject, runs, options.only, replay, step, (property) => {
          during = property;
        }),
      ).finally(strays.end);
      const lost = strays.lines();
      const report = lost.length > 0 ? { ...judged, strays: lost } : judged;
      const failure = await writeAll(files, report);
      // A report of many minutes that no file takes goes to the output.
      io.out(options.json === "-" || failure ? jsonLine(report) : told(report, subject.name));
      const { passed, failed, wrong } = report.summary;
      const nothing = passed + failed === 0;
      if (nothing) io.err(`unroll: ${subject.name}: ${NOTHING}\n`);
      for (const line of lost) io.err(`unroll: ${subject.name}: an error outside of any call: ${line}\n`);
      if (failed > 0 || wrong > 0 || nothing || lost.length > 0) end(1);
      if (failure) throw failure.error;
    });
};

/** A file and what of a report goes there. */
type Written = readonly [ReportFile, (report: CertifyReport) => string];

async function reportFiles(io: Io, { json, html }: Options): Promise<Written[]> {
  const files: Written[] = [];
  if (html !== undefined) files.push([await reportFile(io, "--html", html), htmlReport]);
  if (json !== undefined && json !== "-")
    files.push([await reportFile(io, "--json", json), (report) => `${JSON.stringify(report, null, 2)}\n`]);
  return files;
}

/** Writes what can be written. @returns the first failure */
async function writeAll(
  files: readonly Written[],
  report: CertifyReport,
): Promise<{ readonly error: unknown } | null> {
  const errors: unknown[] = [];
  for (const [file, textOf] of files)
    await file.write(textOf(report)).catch((error: unknown) => errors.push(error));
  return errors.length > 0 ? { error: errors[0] } : null;
}

/** Runs the suite; `step` is told of each thousandth, `begins` of each property. */
async function judge(
  { adapter, alive }: CertifySubject,
  runs: number,
  only: string | undefined,
  replay: Replay,
  step: Step,
  begins: (property: string) => void,
): Promise<CertifyReport> {
  let shown = 0;
  try {
    return await certify(adapter, {
      runs,
      ...replay,
      ...(only === undefined ? {} : { only }),
      ...(alive ? { alive } : {}),
      onProgress: ({ property, form, runs: done, of }) => {
        begins(`${property}, ${form}`);
        for (const now = Math.floor((1000 * done) / of); shown < now; shown++) step(`${property}, ${form}`);
      },
    });
  } catch (error) {
    throw replay.path === undefined ? error : wrongPath(replay.path, error);
  }
}

function told(report: CertifyReport, name: string): string {
  const { properties, summary, seed, runs, support } = report;
  const rows = properties.map((one) => [
    one.status,
    one.form,
    one.id,
    String(one.runs),
    one.skipped === 0 ? "" : String(one.skipped),
    one.worstErrorOverBound === null ? "exact" : short(one.worstErrorOverBound),
  ]);
  const notes = [
    ...properties.filter(({ status }) => status !== "passed").map((one) => noteOf(one, name)),
    ...wrongLayers(support ?? []),
  ];
  const counts = [
    `${summary.passed} passed`,
    `${summary.failed} failed`,
    `${summary.unsupported} unsupported`,
    ...(summary.wrong > 0 ? [`${summary.wrong} options of layers wrong`] : []),
  ];
  const { adapter, version, device } = report;
  const engine = `${adapter}${version === null ? "" : ` ${version}`} on ${device}`;
  const head = ["status", "form", "property", "cases", "skipped", "worst error/bound"];
  const kinds = properties.flatMap(({ met }) => Object.values(met));
  const unmet = kinds.filter((count) => count === 0).length;
  const met = `${kinds.length - unmet} of ${kinds.length} kinds of cases met\n`;
  const told = notes.length > 0 ? `${notes.join("")}\n` : "";
  const verdict = `${engine}: ${counts.join(", ")}; seed ${seed}, ${runs} runs a property\n`;
  return `${table(head, rows, [3, 4, 5])}\n${told}${kinds.length > 0 ? met : ""}${verdict}`;
}

/** Why a property did not pass, and how to see it again. */
function noteOf({ status, id, form, title, reason, counterexample }: PropertyReport, name: string): string {
  const lines = [`${status}  ${id}, ${form}: ${title}`, `  ${reason ?? ""}`];
  if (counterexample) {
    const { numbers, seed, path } = counterexample;
    lines.push(`  case: ${counterexample.case}`);
    const given = Object.entries(numbers ?? {}).map(([input, one]) => `${input} = ${written(one)}`);
    if (numbers) lines.push(`  with: ${given.join(", ")}`);
    lines.push(`  replay: unroll certify --adapter ${name} --seed ${seed} --only ${id} --path ${path}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Options that an engine gets wrong, a note for each layer. */
function wrongLayers(support: NonNullable<CertifyReport["support"]>): string[] {
  const wrong = support.filter(({ how }) => how === "wrong");
  return [...new Set(wrong.map(({ layer }) => layer))].map((layer) => {
    const own = wrong.filter((one) => one.layer === layer);
    const options = own.map(({ option, mode }) => `${option}${mode === "step" ? ", by steps" : ""}`);
    return `wrong  ${layer}: ${options.join("; ")}\n  e.g. ${own[0]!.option}: ${own[0]!.reason}\n`;
  });
}
