import type { Adapter } from "@unroll/api";
import type * as fc from "fast-check";
import type { Dialect } from "../dialects.js";

/** What a property judges. */
export interface Subject {
  /** The engine. */
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

/** Kinds of cases that a property has to meet, each at least once in a run. */
export interface Classes<Given> {
  /** All there are. */
  all(): readonly string[];
  /** Those that a case is of. */
  of(given: Given): readonly string[];
}

/** A sentence that holds for every honest engine. */
export interface Property<Given = unknown> {
  /** Stable, e.g. `step-equals-sequence`. */
  readonly id: string;
  /** The property as a sentence. */
  readonly title: string;
  /** Ids of the rules in docs/semantics.md that it checks, and of the requirements behind it. */
  readonly rules: readonly string[];
  /** Share of the usual number of runs, for one that costs more than others. Default 1. */
  readonly share?: number;
  /** Whether its cases hold no composites: then one form of an engine is as good as the other. */
  readonly primitivesOnly?: boolean;
  /** What it draws its cases from. */
  arbitrary(): fc.Arbitrary<Given>;
  /** Cases that every run has before those that are drawn: what must be met, and not by chance. */
  examples?(): readonly Given[];
  /** What its cases are counted by in the report, where there are kinds that none may lack. */
  readonly classes?: Classes<Given>;
  /** Judges one case. @throws Violation when the property does not hold */
  check(given: Given, subject: Subject): Promise<Outcome>;
  /** A case in one line. */
  describe(given: Given): string;
}

/** Where a property did not hold. */
export interface ViolationDetails {
  /** First element that is wrong, row-major. */
  readonly firstBadIndex?: number;
  /** What the engine has there. */
  readonly got?: number;
  /** What is true there. */
  readonly want?: number;
  /** How far from it an honest engine may be. */
  readonly bound?: number;
}

/** A property did not hold. */
export class Violation extends Error {
  constructor(
    /** Which result: a layer's output, a state part. */
    readonly place: string,
    /** What holds for an honest engine. */
    readonly expected: string,
    /** The element that is wrong, where there is one. */
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
