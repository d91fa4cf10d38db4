import { type Adapter, builtin } from "@unroll/api";
import { certify } from "../certify.js";
import { properties } from "../properties/index.js";
import type { Fault } from "./break.js";

export interface KillOptions {
  readonly runs?: number;
  readonly seed?: number;
  /** Stop at the first property that kills. Default true. */
  readonly first?: boolean;
  /** The engine that is broken. Default a builtin one. */
  readonly honest?: Adapter;
}

/** Ids of the properties that a fault does not get past, within the runs. */
export async function killers(fault: Fault, { runs = 100, seed = 1, first = true, honest = builtin() }: KillOptions = {}): Promise<string[]> {
  const found: string[] = [];
  for (const { id } of properties) {
    const alive = { count: 0 };
    const report = await certify(fault.breakEngine(honest, alive), { runs, seed, only: [id], forms: ["as is"], alive: () => alive.count, shrink: false });
    if (report.summary.failed === 0) continue;
    found.push(id);
    if (first) break;
  }
  return found;
}
