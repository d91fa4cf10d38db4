import type { Outcome } from "../properties/property.js";

/** What the cases of a property came to. */
export class Tally {
  readonly histogram = new Array<number>(7).fill(0);
  readonly skips = new Map<string, number>();
  /** Cases that said something, by kind. */
  readonly met: Map<string, number>;
  worst: number | null = null;
  said = 0;
  skipped = 0;

  constructor(kinds: readonly string[]) {
    this.met = new Map(kinds.map((kind) => [kind, 0]));
  }

  note({ errorOverBound, skipped }: Outcome, kinds: readonly string[]): void {
    if (skipped !== undefined) return this.skip(skipped);
    this.said++;
    for (const kind of new Set(kinds)) this.met.set(kind, (this.met.get(kind) ?? 0) + 1);
    if (errorOverBound === null) return;
    this.worst = Math.max(this.worst ?? 0, errorOverBound);
    const decade = Math.floor(Math.log10(errorOverBound)) + 7;
    this.histogram[errorOverBound === 0 ? 0 : Math.min(6, Math.max(0, decade))]!++;
  }

  skip(reason: string): void {
    this.skips.set(reason, (this.skips.get(reason) ?? 0) + 1);
    this.skipped++;
  }
}
