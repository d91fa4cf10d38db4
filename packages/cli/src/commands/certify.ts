import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { certify, type CertifyReport, htmlReport, written } from "@unroll/conformance";
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
      "builtin, tfjs, onnx, or a module whose default export (or export `adapter`) is an adapter or makes one",
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
  const notes = properties
    .filter(({ status }) => status !== "passed")
    .map((one) => {
      const found = one.counterexample;
      const lines = [`${one.status}  ${one.id}, ${one.form}: ${one.title}`, `  ${one.reason ?? ""}`];
      if (found)
        lines.push(
          `  case: ${found.case}`,
          ...(found.numbers
            ? [
                `  with: ${Object.entries(found.numbers)
                  .map(([name, numbers]) => `${name} = ${written(numbers)}`)
                  .join(", ")}`,
              ]
            : []),
          `  replay: unroll certify --adapter ${name} --seed ${found.seed} --only ${one.id} --path ${found.path}`,
        );
      return `${lines.join("\n")}\n`;
    });
  const wrong = (support ?? []).filter(({ how }) => how === "wrong");
  for (const layer of new Set(wrong.map((one) => one.layer))) {
    const own = wrong.filter((one) => one.layer === layer);
    notes.push(
      `wrong  ${layer}: ${own.map(({ option, mode }) => `${option}${mode === "step" ? ", by steps" : ""}`).join("; ")}\n  e.g. ${own[0]!.option}: ${own[0]!.reason}\n`,
    );
  }
  return `${table(["status", "form", "property", "cases", "skipped", "worst error/bound"], rows, [3, 4, 5])}\n${notes.join("")}${notes.length > 0 ? "\n" : ""}${report.adapter}${report.version === null ? "" : ` ${report.version}`} on ${report.device}: ${summary.passed} passed, ${summary.failed} failed, ${summary.unsupported} unsupported${summary.wrong > 0 ? `, ${summary.wrong} options of layers wrong` : ""}; seed ${seed}, ${runs} runs a property\n`;
}
