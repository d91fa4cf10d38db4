import { inline } from "../escaped.js";
import { short } from "../numbers.js";
import { table } from "../table.js";
import type { CaseReport } from "./check.js";

export const countOf = (cases: readonly CaseReport[], status: CaseReport["status"]): number =>
  cases.filter((one) => one.status === status).length;

/** The cases for people: each that did not pass, then a row for each manifest, engine and mode. */
export function summary(cases: readonly CaseReport[]): string {
  const notable = cases.filter(({ status }) => status !== "passed");
  const lines = notable.map(
    ({ status, adapter, mode, name, reason }) =>
      `${inline(`${status}  ${adapter} ${mode}  ${name}: ${reason}`)}\n`,
  );
  const groups = new Map<string, CaseReport[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.manifest, one.adapter, one.mode]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const head = ["manifest", "adapter", "mode", "passed", "failed", "unsupported", "max error", "error/bound"];
  const rows = [...groups.values()].map(rowOf);
  return `${lines.join("")}${lines.length > 0 ? "\n" : ""}${table(head, rows, [3, 4, 5, 6, 7])}`;
}

function rowOf(group: readonly CaseReport[]): string[] {
  const { manifest, adapter, mode } = group[0]!;
  const counts = (["passed", "failed", "unsupported"] as const).map((status) => countOf(group, status));
  const worst = (key: "maxError" | "errorOverBound"): string =>
    short(Math.max(0, ...group.map((one) => one[key] ?? 0)));
  return [manifest, adapter, mode, ...counts.map(String), worst("maxError"), worst("errorOverBound")];
}
