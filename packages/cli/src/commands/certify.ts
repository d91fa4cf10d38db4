import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { certify, type CertifyReport, htmlReport, type PropertyReport, written } from "@unroll/conformance";
import { isCount, numberOption, short } from "../numbers.js";
import { progress } from "../progress.js";
import type { AddCommand } from "../command.js";
import { subjectOf } from "../subject.js";
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
      const runs = numberOption("runs", options.runs, isCount, "a whole number of at least 1");
      const seed =
        options.seed === undefined
          ? undefined
          : numberOption("seed", options.seed, Number.isInteger, "a whole number");
      const { name, adapter, alive } = await subjectOf(options.adapter, options.device, io);
      const bar = progress(io, 1000);
      let shown = 0;
      const report = await certify(adapter, {
        runs,
        ...(seed === undefined ? {} : { seed }),
        ...(options.only === undefined ? {} : { only: options.only }),
        ...(options.path === undefined ? {} : { path: options.path }),
        ...(alive ? { alive } : {}),
        onProgress: ({ property, form, runs: done, of }) => {
          for (const now = Math.floor((1000 * done) / of); shown < now; shown++)
            bar.step(`${property}, ${form}`);
        },
      });
      bar.stop();
      if (options.html !== undefined) await writeFile(resolve(io.cwd, options.html), htmlReport(report));
      if (options.json === "-") io.out(`${JSON.stringify(report)}\n`);
      else {
        if (options.json !== undefined)
          await writeFile(resolve(io.cwd, options.json), `${JSON.stringify(report, null, 2)}\n`);
        io.out(told(report, name));
      }
      if (report.summary.failed > 0 || report.summary.wrong > 0) end(1);
    });
};

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
  const told = notes.length > 0 ? `${notes.join("")}\n` : "";
  const verdict = `${engine}: ${counts.join(", ")}; seed ${seed}, ${runs} runs a property\n`;
  return `${table(head, rows, [3, 4, 5])}\n${told}${verdict}`;
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
