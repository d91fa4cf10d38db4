import { type UnrollError, unrollError } from "@unroll/api";
import { adaptersOf, listed, type NamedAdapter } from "../adapters.js";
import type { Port } from "@unroll/conformance";
import type { AddCommand } from "../command.js";
import { inline, jsonLine } from "../escaped.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { type CaseReport, check, unsupported } from "../verify/check.js";
import { type LoadedEntry, readManifest } from "../verify/manifest.js";
import { checkPort, recordedBounds } from "../verify/port/port-cases.js";
import { portOf } from "../verify/port/port-module.js";
import { countOf, summary } from "../verify/summary.js";

interface Options {
  readonly adapter?: readonly string[];
  readonly only?: string;
  readonly port?: string;
  readonly export?: string;
  readonly gradients?: boolean;
  readonly json?: boolean;
}

/**
 * `unroll verify`: cases recorded in Python, run here and compared with the recorded values; with `--port`
 * the user's own module on what the module that it is a port of computed.
 */
export const verifyCommand: AddCommand = (program, io, end) => {
  program
    .command("verify")
    .description(
      "Check recorded inputs and outputs of PyTorch and Keras layers, or a port of a module, " +
        "within the bound of each case",
    )
    .argument(
      "<manifest...>",
      "manifest.json files as recorder/record.py writes them; with --port, what its record() writes",
    )
    .option(
      "--adapter <name>",
      "e.g. builtin, onnx:cpu; may be repeated (default: configuration, then builtin)",
      listed,
    )
    .option("--only <text>", "cases whose name contains this")
    .option("--port <module>", "check this module's port of the recorded one: a path or a package")
    .option("--export <name>", "which export of it is the port (default: the default one, or the only one)")
    .option("--gradients", "check the gradients that were recorded, of the cases that have them")
    .option("--json", "print one JSON object")
    .action(async (manifests: string[], options: Options) => {
      const adapters = await adaptersOf(options.adapter ?? [], io);
      const cases: CaseReport[] = [];
      const port = await portGiven(io, options);
      for (const manifest of manifests)
        cases.push(
          ...(port
            ? await checkPort(io, manifest, port, adapters, options.only)
            : await checkManifest(io, manifest, adapters, options)),
        );
      if (cases.length === 0) throw nothingChecked(options);

      const failed = countOf(cases, "failed");
      const counts = { passed: countOf(cases, "passed"), failed, unsupported: countOf(cases, "unsupported") };
      io.out(options.json ? jsonLine({ total: cases.length, ...counts, cases }) : summary(cases));
      if (!options.json) for (const line of recordedBounds(cases)) io.out(`${inline(line)}\n`);
      const unchecked = uncheckedOf(cases);
      for (const error of unchecked) io.err(`unroll: ${error.code} ${inline(error.message)}\n`);
      if (failed > 0 || unchecked.length > 0) end(1);
    });
};

async function portGiven(io: Io, options: Options): Promise<Port | null> {
  if (options.port !== undefined && options.gradients)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "--gradients",
      expected: "no --port beside it",
      got: `--port ${options.port}`,
      cure: "a port's record has no gradients; record the recurrent modules one by one",
    });
  if (options.port !== undefined) return portOf(options.port, options.export, io);
  if (options.export === undefined) return null;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "--export",
    expected: "--port beside it",
    got: `"${options.export}" alone`,
    cure: "name the module that exports it by --port",
  });
}

/** Checks every case of a manifest, in every mode on every engine. */
async function checkManifest(
  io: Io,
  manifest: string,
  adapters: readonly NamedAdapter[],
  { only, gradients }: Options,
): Promise<CaseReport[]> {
  const wanted = (name: string): boolean => only === undefined || name.includes(only);
  const entries = await readManifest(io, manifest, wanted, gradients);
  return withProgress(io, entries.length * adapters.length, async (step) => {
    const cases: CaseReport[] = [];
    for (const engine of adapters)
      for (const entry of entries) {
        step(`${engine.name} ${entry.name}`);
        cases.push(...(await checkEntry(manifest, entry, engine)));
      }
    return cases;
  });
}

async function checkEntry(
  manifest: string,
  { name, cases, unsupported: reason }: LoadedEntry,
  engine: NamedAdapter,
): Promise<CaseReport[]> {
  if (reason !== null) return [unsupported(manifest, name, engine.name, reason)];
  const reports: CaseReport[] = [];
  for (const recorded of cases)
    for (const mode of recorded.modes) reports.push(await check(manifest, recorded, mode, engine));
  return reports;
}

/** An error for each manifest of which an engine has checked nothing: that is no pass. */
function uncheckedOf(cases: readonly CaseReport[]): UnrollError[] {
  const groups = new Map<string, CaseReport[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.manifest, one.adapter]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()]
    .filter((group) => group.every(({ status }) => status === "unsupported"))
    .map((group) => {
      const { manifest, adapter, name } = group[0]!;
      const others = group.length === 1 ? "" : ` and ${group.length - 1} more`;
      return unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: `manifest "${manifest}" on ${adapter}`,
        expected: "a case that can be checked",
        got: `case "${name}"${others}, all unsupported`,
        cure: "nothing checked is nothing passed",
        details: { manifest, adapter, cases: group.map((one) => one.name) },
      });
    });
}

function nothingChecked({ only, gradients }: Options): Error {
  const which = only === undefined ? "" : ` whose name contains "${only}"`;
  return unrollError({
    code: "UNROLL_ARGUMENT",
    place: "verify",
    expected: gradients ? "cases with recorded gradients to check" : "cases to check",
    got: `none${which}`,
    cure: "nothing checked is nothing passed",
  });
}
