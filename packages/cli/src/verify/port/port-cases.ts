import { type Port, type PortCheck, type PortReport, readPortRecord, verifyPort } from "@unroll/conformance";
import type { NamedAdapter } from "../../adapters.js";
import { readBytes } from "../../files.js";
import type { Io } from "../../io.js";
import { withProgress } from "../../progress.js";
import { type CaseReport, finite } from "../check.js";

/** A case for people and scripts, and its first difference as data. */
export interface PortCaseReport extends CaseReport, Pick<PortReport, "bounds" | "whyRecorded"> {
  readonly first: PortCheck["first"];
}

/**
 * Holds a port against the calls of a record, at once and on every engine.
 *
 * @param only text that is part of the names of cases, which are those of the module and its calls
 * @throws UNROLL_FORMAT for a file that is no record, and what `verifyPort` throws
 */
export async function checkPort(
  io: Io,
  path: string,
  port: Port,
  adapters: readonly NamedAdapter[],
  only: string | undefined,
): Promise<PortCaseReport[]> {
  const record = readPortRecord(await readBytes(io, path), `record "${path}"`);
  const nameOf = (call: number): string => `${record.module} call ${call}`;
  // A later call may need what an earlier one returned, so all are made.
  if (only !== undefined && !record.calls.some((_, k) => nameOf(k).includes(only))) return [];
  const engines = Object.fromEntries(adapters.map(({ name, adapter }) => [name, adapter]));
  const { checks, bounds, whyRecorded } = await withProgress(io, 1, (step) => {
    step(record.module);
    return verifyPort(port, record, { adapters: engines });
  });
  return checks
    .map(({ call, mode, adapter, status, maxError, errorOverBound, reason, first }): PortCaseReport => ({
      manifest: path,
      name: nameOf(call),
      adapter,
      mode,
      status,
      maxError: maxError === null ? null : finite(maxError),
      errorOverBound: errorOverBound === null ? null : finite(errorOverBound),
      reason,
      first,
      bounds,
      whyRecorded,
    }))
    .filter(({ name }) => only === undefined || name.includes(only));
}

/** What people are told of records whose bounds are no derived ones; a line for each. */
export function recordedBounds(cases: readonly CaseReport[]): string[] {
  const lines = cases.flatMap((one) =>
    "bounds" in one && one.bounds === "recorded"
      ? [
          `bounds of ${one.manifest} are from how far PyTorch's own float32 is off, ` +
            `as the port is no program: ${(one as PortCaseReport).whyRecorded}`,
        ]
      : [],
  );
  return [...new Set(lines)];
}
