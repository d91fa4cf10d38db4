import { unrollError } from "@unroll/api";
import { adaptersOf, listed, type NamedAdapter } from "../adapters.js";
import type { AddCommand } from "../command.js";
import type { Io } from "../io.js";
import { progress } from "../progress.js";
import { type CaseReport, check, unsupported } from "../verify/check.js";
import { readManifest } from "../verify/manifest.js";
import { countOf, summary } from "../verify/summary.js";

interface Options {
  readonly adapter: readonly string[];
  readonly only?: string;
  readonly json?: boolean;
}

/** `unroll verify`: cases recorded in Python, run here and compared with the recorded float64 values. */
export const verifyCommand: AddCommand = (program, io, end) => {
  program
    .command("verify")
    .description(
      "Check recorded inputs and outputs of PyTorch and Keras layers, within the bound of each case",
    )
    .argument("<manifest...>", "manifest.json files as recorder/record.py writes them")
    .option(
      "--adapter <name>",
      "e.g. builtin, onnx:cpu; may be repeated (default: configuration, then builtin)",
      listed,
      [],
    )
    .option("--only <text>", "cases whose name contains this")
    .option("--json", "print one JSON object")
    .action(async (manifests: string[], options: Options) => {
      const adapters = await adaptersOf(options.adapter, io);
      const cases: CaseReport[] = [];
      for (const manifest of manifests)
        cases.push(...(await checkManifest(io, manifest, adapters, options.only)));
      if (cases.length === 0) throw nothingChecked(options.only);

      const failed = countOf(cases, "failed");
      const counts = { passed: countOf(cases, "passed"), failed, unsupported: countOf(cases, "unsupported") };
      if (options.json) io.out(`${JSON.stringify({ total: cases.length, ...counts, cases })}\n`);
      else io.out(summary(cases));
      if (failed > 0) end(1);
    });
};

/** Checks every case of a manifest, in every mode on every engine. */
async function checkManifest(
  io: Io,
  manifest: string,
  adapters: readonly NamedAdapter[],
  only: string | undefined,
): Promise<CaseReport[]> {
  const entries = await readManifest(io, manifest, (name) => only === undefined || name.includes(only));
  const bar = progress(io, entries.length * adapters.length);
  const cases: CaseReport[] = [];
  for (const engine of adapters)
    for (const entry of entries) {
      bar.step(`${engine.name} ${entry.name}`);
      if (entry.unsupported !== null)
        cases.push(unsupported(manifest, entry.name, engine.name, entry.unsupported));
      for (const recorded of entry.cases)
        for (const mode of recorded.modes) cases.push(await check(manifest, recorded, mode, engine));
    }
  bar.stop();
  return cases;
}

function nothingChecked(only: string | undefined): Error {
  return unrollError({
    code: "UNROLL_ARGUMENT",
    place: "verify",
    expected: "cases to check",
    got: `none${only === undefined ? "" : ` whose name contains "${only}"`}`,
    cure: "nothing checked is nothing passed",
  });
}
