import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { isUnrollError } from "@unroll/api";
import { certifyCommand } from "./commands/certify.js";
import { compareCommand } from "./commands/compare.js";
import { convertCommand } from "./commands/convert.js";
import { generateCommand } from "./commands/generate.js";
import { inspectCommand } from "./commands/inspect.js";
import { runCommand } from "./commands/run.js";
import { verifyCommand } from "./commands/verify.js";
import { inline, printable } from "./escaped.js";
import type { AddCommand } from "./command.js";
import type { ExitCode, Io } from "./io.js";

const commands: readonly AddCommand[] = [
  generateCommand,
  compareCommand,
  inspectCommand,
  runCommand,
  convertCommand,
  verifyCommand,
  certifyCommand,
];

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @returns exit code: 0, 1 when a check failed, 2 for wrong usage, a wrong file or a missing package
 */
export async function run(argv: readonly string[], given: Io): Promise<ExitCode> {
  const io = guarded(given);
  let code: ExitCode = 0;
  const program = new Command("unroll")
    .description("Run, compare, inspect, convert and verify recurrent models, and certify engines")
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  for (const add of commands)
    add(program, io, (ended) => {
      code = ended;
    });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (isUnrollError(error)) io.err(`unroll: ${error.code} ${inline(error.message)}\n`);
    else io.err(`unroll: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 2;
  }
  return code;
}

/** Whatever is printed may have come out of a file, and no terminal shall obey it. */
const guarded = (io: Io): Io => ({
  ...io,
  out: (text) => io.out(printable(text)),
  err: (text) => io.err(printable(text)),
});

function version(): string {
  return (
    JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
  ).version;
}
