import { isUnrollError } from "@unroll/api";
import { compareWithBound, type Comparison, worse } from "@unroll/conformance";
import type { NamedAdapter } from "../adapters.js";
import type { Mode, RecordedCase } from "./recorded.js";
import type { NamedResults } from "./results.js";

/** What became of one case in one mode on one engine. Scripts read this form: it stays. */
export interface CaseReport {
  readonly manifest: string;
  readonly name: string;
  readonly adapter: string;
  /** `call` and `run` of a port: at once, and on the engine. */
  readonly mode: Mode["mode"] | "call" | "run";
  readonly status: "passed" | "failed" | "unsupported";
  /**
   * null where nothing was compared. JSON has no Infinity: 1e308 stands for a result that is no number or of
   * another shape.
   */
  readonly maxError: number | null;
  readonly errorOverBound: number | null;
  readonly reason: string | null;
}

/** The report of a case that can't be expressed. */
export function unsupported(manifest: string, name: string, adapter: string, reason: string): CaseReport {
  const compared = { maxError: null, errorOverBound: null };
  return { manifest, name, adapter, mode: "sequence", status: "unsupported", ...compared, reason };
}

/** Runs a case in one mode on one engine and compares every result with the recorded one. */
export async function check(
  manifest: string,
  recorded: RecordedCase,
  { mode, run }: Mode,
  { name: adapter, adapter: engine }: NamedAdapter,
): Promise<CaseReport> {
  const about = { manifest, name: recorded.name, adapter, mode };
  let results: NamedResults;
  try {
    results = await run(engine);
  } catch (error) {
    if (!isUnrollError(error)) throw error;
    const status = error.code === "UNROLL_UNSUPPORTED" ? "unsupported" : "failed";
    const reason = `${error.code} ${error.message}`;
    return { ...about, status, maxError: null, errorOverBound: null, reason };
  }
  const { worst, reason } = compareAll(recorded, results);
  return {
    ...about,
    status: reason === null ? "passed" : "failed",
    maxError: finite(worst.maxError),
    errorOverBound: finite(worst.errorOverBound),
    reason,
  };
}

/** A number that JSON has. */
export const finite = (value: number): number => (Number.isFinite(value) ? value : 1e308);

/** The worst of all comparisons, and what is wrong with the first that fails. */
function compareAll(
  { want, bounds }: RecordedCase,
  results: NamedResults,
): { worst: Comparison; reason: string | null } {
  let worst: Comparison = { maxError: 0, errorOverBound: 0, firstBadIndex: -1 };
  let reason: string | null = null;
  let values = 0;
  for (const [name, wanted] of Object.entries(want)) {
    const [got, bound] = [results[name], bounds[name]];
    if (!got || !bound) {
      reason ??= `${name}: expected a result, got ${Object.keys(results).join(", ") || "none"}`;
      continue;
    }
    values += wanted.data.length;
    const comparison = compareWithBound(got, wanted, bound);
    if (comparison.firstBadIndex >= 0) reason ??= reasonOf(name, comparison, got.shape, wanted.shape);
    worst = worse(worst, comparison);
  }
  if (values === 0) reason ??= "expected recorded values to compare with, got none; record the case again";
  return { worst, reason };
}

function reasonOf(
  name: string,
  { firstBadIndex, want, bound, got }: Comparison,
  gotShape: readonly number[],
  shape: readonly number[],
): string {
  if (gotShape.join() !== shape.join())
    return `${name}: expected shape [${shape.join(", ")}], got [${gotShape.join(", ")}]`;
  const at = `${name}[${indexOf(firstBadIndex, shape).join(", ")}]`;
  return `${at}: expected ${want} within ${bound?.toExponential(1)}, got ${got}`;
}

/** Position in a tensor, from that in its row-major data. */
function indexOf(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let k = shape.length - 1, rest = flat; k >= 0; k--) {
    index.unshift(rest % shape[k]!);
    rest = Math.floor(rest / shape[k]!);
  }
  return index;
}
