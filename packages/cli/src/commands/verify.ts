import { unrollError } from "@unroll/api";
import { adaptersOf, listed } from "../adapters.js";
import { short } from "../numbers.js";
import { progress } from "../progress.js";
import type { AddCommand } from "../command.js";
import { table } from "../table.js";
import { type CaseReport, check } from "../verify/check.js";
import { readManifest } from "../verify/manifest.js";

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
      for (const manifest of manifests) {
        const entries = await readManifest(
          io,
          manifest,
          (name) => options.only === undefined || name.includes(options.only),
        );
        const bar = progress(io, entries.length * adapters.length);
        for (const engine of adapters) {
          for (const entry of entries) {
            bar.step(`${engine.name} ${entry.name}`);
            if (entry.unsupported !== null)
              cases.push({
                manifest,
                name: entry.name,
                adapter: engine.name,
                mode: "sequence",
                status: "unsupported",
                maxError: null,
                errorOverBound: null,
                reason: entry.unsupported,
              });
            for (const recorded of entry.cases)
              for (const mode of recorded.modes) cases.push(await check(manifest, recorded, mode, engine));
          }
        }
        bar.stop();
      }
      if (cases.length === 0)
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: "verify",
          expected: "cases to check",
          got: `none${options.only === undefined ? "" : ` whose name contains "${options.only}"`}`,
          cure: "nothing checked is nothing passed",
        });

      const count = (status: CaseReport["status"], among: readonly CaseReport[] = cases): number =>
        among.filter((one) => one.status === status).length;
      const failed = count("failed");
      const counts = { passed: count("passed"), failed, unsupported: count("unsupported") };
      if (options.json) io.out(`${JSON.stringify({ total: cases.length, ...counts, cases })}\n`);
      else io.out(summary(cases, count));
      if (failed > 0) end(1);
    });
};

function summary(
  cases: readonly CaseReport[],
  count: (status: CaseReport["status"], among: readonly CaseReport[]) => number,
): string {
  const notable = cases.filter(({ status }) => status !== "passed");
  const lines = notable.map(
    ({ status, adapter, mode, name, reason }) => `${status}  ${adapter} ${mode}  ${name}: ${reason}\n`,
  );
  const groups = new Map<string, CaseReport[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.manifest, one.adapter, one.mode]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const rows = [...groups.values()].map((group) => {
    const { manifest, adapter, mode } = group[0]!;
    const worst = (key: "maxError" | "errorOverBound"): string =>
      short(Math.max(0, ...group.map((one) => one[key] ?? 0)));
    return [
      manifest,
      adapter,
      mode,
      String(count("passed", group)),
      String(count("failed", group)),
      String(count("unsupported", group)),
      worst("maxError"),
      worst("errorOverBound"),
    ];
  });
  const head = ["manifest", "adapter", "mode", "passed", "failed", "unsupported", "max error", "error/bound"];
  return `${lines.join("")}${lines.length > 0 ? "\n" : ""}${table(head, rows, [3, 4, 5, 6, 7])}`;
}
