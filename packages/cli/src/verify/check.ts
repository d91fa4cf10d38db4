import { isUnrollError } from "@unroll/api";
import { compareWithBound, type Comparison, worse } from "@unroll/conformance";
import type { NamedAdapter } from "../adapters.js";
import type { Mode, RecordedCase } from "./recorded.js";

/** What became of one case in one mode on one engine. Scripts read this form: it stays. */
export interface CaseReport {
  readonly manifest: string;
  readonly name: string;
  readonly adapter: string;
  readonly mode: Mode["mode"];
  readonly status: "passed" | "failed" | "unsupported";
  /**
   * null where nothing was compared. JSON has no Infinity: 1e308 stands for a result that is no number or of
   * another shape.
   */
  readonly maxError: number | null;
  readonly errorOverBound: number | null;
  readonly reason: string | null;
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 1e308);

/** Runs a case in one mode on one engine and compares every result with the recorded one. */
export async function check(
  manifest: string,
  recorded: RecordedCase,
  { mode, run }: Mode,
  { name: adapter, adapter: engine }: NamedAdapter,
): Promise<CaseReport> {
  const about = { manifest, name: recorded.name, adapter, mode };
  let results: Awaited<ReturnType<typeof run>>;
  try {
    results = await run(engine);
  } catch (error) {
    if (!isUnrollError(error)) throw error;
    return {
      ...about,
      status: error.code === "UNROLL_UNSUPPORTED" ? "unsupported" : "failed",
      maxError: null,
      errorOverBound: null,
      reason: `${error.code} ${error.message}`,
    };
  }
  let worst: Comparison = { maxError: 0, errorOverBound: 0, firstBadIndex: -1 };
  let reason: string | null = null;
  for (const [name, want] of Object.entries(recorded.want)) {
    const got = results[name]!;
    const comparison = compareWithBound(got, want, recorded.bounds[name]!);
    if (comparison.firstBadIndex >= 0 && reason === null) {
      const at = `${name}[${indexOf(comparison.firstBadIndex, want.shape).join(", ")}]`;
      const wanted = `${comparison.want} within ${comparison.bound?.toExponential(1)}`;
      reason =
        got.shape.join() === want.shape.join()
          ? `${at}: expected ${wanted}, got ${comparison.got}`
          : `${name}: expected shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`;
    }
    worst = worse(worst, comparison);
  }
  return {
    ...about,
    status: reason === null ? "passed" : "failed",
    maxError: finite(worst.maxError),
    errorOverBound: finite(worst.errorOverBound),
    reason,
  };
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
