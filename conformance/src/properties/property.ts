import type { Adapter } from "@unroll/api";
import type * as fc from "fast-check";
import type { Dialect } from "../dialects.js";

/** What a property judges. */
export interface Subject {
  readonly adapter: Adapter;
  /** Another engine for states to move to: the builtin one unless told otherwise. */
  readonly partner: Adapter;
  /** Counts what the engine holds, e.g. live tensors; null where it can't be counted. */
  readonly alive: (() => number) | null;
  /** Weight layouts of other frameworks. */
  readonly dialects: readonly Dialect[];
}

/** How one run of a property ended well. */
export interface Outcome {
  /** Worst error over its bound; null where the property is exact. */
  readonly errorOverBound: number | null;
  /** Why the case says nothing, when it does: its bound is too wide, or the property does not apply to it. */
  readonly skipped?: string;
}

/** A sentence that holds for every honest engine. */
export interface Property<Given = unknown> {
  readonly id: string;
  readonly title: string;
  /** Ids of the rules in docs/semantics.md that it checks, and of the requirements behind it. */
  readonly rules: readonly string[];
  /** Share of the usual number of runs, for one that costs more than others. Default 1. */
  readonly share?: number;
  /** Whether its cases hold no composites: then one form of an engine is as good as the other. */
  readonly primitivesOnly?: boolean;
  arbitrary(): fc.Arbitrary<Given>;
  /** Cases that every run has before those that are drawn: what must be met, and not by chance. */
  examples?(): readonly Given[];
  /** @throws Violation when it does not hold */
  check(given: Given, subject: Subject): Promise<Outcome>;
  /** A case in one line. */
  describe(given: Given): string;
}

/** Where a property did not hold. */
export interface ViolationDetails {
  readonly firstBadIndex?: number;
  readonly got?: number;
  readonly want?: number;
  readonly bound?: number;
}

/** A property did not hold. */
export class Violation extends Error {
  constructor(
    readonly place: string,
    readonly expected: string,
    readonly details: ViolationDetails = {},
  ) {
    const { got, firstBadIndex } = details;
    super(
      `${place}: expected ${expected}${got === undefined ? "" : `, got ${got} at element ${firstBadIndex}`}`,
    );
    this.name = "Violation";
  }
}

export const exactOutcome: Outcome = { errorOverBound: null };
export const skip = (skipped: string): Outcome => ({ errorOverBound: null, skipped });
