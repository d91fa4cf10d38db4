import { open, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { unrollError } from "@unroll/api";
import { systemReason } from "./files.js";
import type { Io } from "./io.js";

/** A file that an option names and a command writes at its end. */
export interface ReportFile {
  /** @throws UNROLL_ARGUMENT naming the option */
  write(content: string | Uint8Array): Promise<void>;
}

/**
 * Makes sure that a file can be written, before the work begins whose report goes there. It is left as it is.
 *
 * @throws UNROLL_ARGUMENT naming the option
 */
export async function reportFile(io: Io, option: string, path: string): Promise<ReportFile> {
  const file = resolve(io.cwd, path);
  const refuse = (cause: unknown): never => {
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: option,
      expected: "a file that can be written",
      got: `"${path}": ${systemReason(cause)}`,
      cure: "give another path",
      details: { option, path },
      cause,
    });
  };
  await probe(file).catch(refuse);
  return { write: (content) => writeFile(file, content).catch(refuse) };
}

/** Opens a file for writing and closes it. Pipes and devices are not touched: their readers would notice. */
async function probe(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found && !found.isFile() && !found.isDirectory()) return;
  await (await open(file, "a")).close();
  if (!found) await rm(file);
}
