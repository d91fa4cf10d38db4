import { type Adapter, builtin } from "@unroll/api";
import { certify } from "../certify.js";
import { dialects } from "../dialects.js";
import { properties } from "../properties/index.js";
import { weightsSurvive } from "../properties/weights-survive.js";
import type { Fault } from "./break.js";

/** How {@link killers} looks. */
export interface KillOptions {
  /** Cases of each property. Default 100. */
  readonly runs?: number;
  /** The same seed draws the same cases. Default 1. */
  readonly seed?: number;
  /** Stop at the first property that kills. Default true. */
  readonly first?: boolean;
  /** The engine that is broken. Default a builtin one. */
  readonly honest?: Adapter;
}

/** Ids of the properties that a fault does not get past, within the runs. */
export async function killers(
  fault: Fault,
  { runs = 100, seed = 1, first = true, honest = builtin() }: KillOptions = {},
): Promise<string[]> {
  const found: string[] = [];
  // Only one property looks at weight layouts.
  const looking = fault.breakEngine
    ? properties
    : properties.filter((property) => property.id === weightsSurvive.id);
  for (const { id } of looking) {
    const alive = { count: 0 };
    const engine = fault.breakEngine ? fault.breakEngine(honest, alive) : honest;
    const layouts = dialects.map((dialect) => (fault.breakDialect ? fault.breakDialect(dialect) : dialect));
    const report = await certify(engine, {
      runs,
      seed,
      only: [id],
      forms: ["as is"],
      alive: () => alive.count,
      dialects: layouts,
      shrink: false,
    });
    if (report.summary.failed === 0) continue;
    found.push(id);
    if (first) break;
  }
  return found;
}
