import { inline } from "../escaped.js";
import { duration, short } from "../numbers.js";
import { table } from "../table.js";
import type { EngineRow } from "./engine-row.js";

/** How far a mean log-likelihood may be from the recorded one, in nats per character. */
const LIKELIHOOD_LIMIT = 1e-5;

/** What `unroll compare --json` prints. Scripts read this form: it stays. */
export interface ComparisonReport {
  readonly model: string;
  readonly characters: number;
  /** null where none was recorded, or of the whole passage only. */
  readonly recordedLogLikelihood: number | null;
  readonly rows: readonly EngineRow[];
}

/** Rows that are further from float64 than their bound, or from the recorded log-likelihood than rounding. */
export const failedRows = ({ rows, recordedLogLikelihood: recorded }: ComparisonReport): EngineRow[] =>
  rows.filter(
    ({ errorOverBound, logLikelihood }) =>
      !(errorOverBound < 1) ||
      (recorded !== null && !(Math.abs(logLikelihood - recorded) < LIKELIHOOD_LIMIT)),
  );

/** What is wrong with a row, in one line. */
export function failureOf(
  { engine, mode, errorOverBound, logLikelihood }: EngineRow,
  recorded: number | null,
): string {
  const likelihood =
    recorded === null ? "" : ` and a log-likelihood within ${LIKELIHOOD_LIMIT} of ${recorded.toFixed(7)}`;
  const got = `${short(errorOverBound)} and ${logLikelihood.toFixed(7)}`;
  return (
    `${engine} ${mode}: expected error/bound below 1${likelihood}, got ${got}; ` +
    "this engine computes something else"
  );
}

const head = [
  "engine",
  "device",
  "mode",
  "max error",
  "error/bound",
  "log-likelihood/char",
  "time, sequence",
  "time/step",
];

/** The comparison for people. */
export function comparisonText(report: ComparisonReport): string {
  const { model, characters, rows, recordedLogLikelihood: recorded } = report;
  const title = `${inline(model)}: ${characters} characters, float32 results beside float64`;
  const cells = rows.map((row) => [
    row.engine,
    row.device,
    row.mode,
    short(row.maxError),
    short(row.errorOverBound),
    row.logLikelihood.toFixed(7),
    row.sequenceTime === null ? "" : duration(row.sequenceTime),
    duration(row.stepTime),
  ]);
  const likelihood =
    recorded === null ? "" : `\nrecorded log-likelihood: ${recorded.toFixed(7)} nats per character\n`;
  const rule = "an error below its bound is rounding";
  return `${title}; ${rule}\n\n${table(head, cells, [3, 4, 5, 6, 7])}${likelihood}`;
}
