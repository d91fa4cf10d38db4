import { type Adapter, builtin } from "@unroll/api";
import { certify } from "../certify.js";
import { dialects } from "../dialects.js";
import { properties } from "../properties/index.js";
import { weightsSurvive } from "../properties/weights-survive.js";
import type { Fault, Planted } from "./planting/fault.js";

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

/** What came of one property that met one fault. */
export interface Encounter {
  /** Whether the property failed. */
  readonly killed: boolean;
  /** How often the fault changed something in the case that killed it, or in the last one. */
  readonly fired: number;
}

/** Lets one property alone meet a fault, within the runs. */
export async function meet(
  fault: Fault,
  property: string,
  { runs = 100, seed = 1, honest = builtin() }: Omit<KillOptions, "first"> = {},
): Promise<Encounter> {
  const planted: Planted = { count: 0 };
  const { summary } = await certify(fault.breakEngine ? fault.breakEngine(honest, planted) : honest, {
    runs,
    seed,
    only: [property],
    forms: ["as is"],
    alive: () => planted.count,
    dialects: dialects.map((dialect) =>
      fault.breakDialect ? fault.breakDialect(dialect, planted) : dialect,
    ),
    shrink: false,
    onProgress: () => {
      planted.fired = 0;
    },
  });
  return { killed: summary.failed > 0, fired: planted.fired ?? 0 };
}

/** Ids of the properties that a fault does not get past, within the runs. */
export async function killers(fault: Fault, options: KillOptions = {}): Promise<string[]> {
  const found: string[] = [];
  // Only one property looks at weight layouts.
  const looking = fault.breakEngine
    ? properties
    : properties.filter((property) => property.id === weightsSurvive.id);
  for (const { id } of looking) {
    if (!(await meet(fault, id, options)).killed) continue;
    found.push(id);
    if (options.first ?? true) break;
  }
  return found;
}
