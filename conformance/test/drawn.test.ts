import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawn } from "./drawn.js";
import { fast } from "./settings.js";

// What must be drawn, written down: a class that is no longer drawn has to be taken out by hand. Whatever is
// new joins with UNROLL_DRAWN=write.
const file = new URL("drawn-classes.json", import.meta.url);
type Classes = Record<string, string[]>;
const wanted: Classes = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Classes) : {};

/** What is drawn by chance is wanted when it comes so often that hardly any seed is without it. */
const OFTEN = 10;
const byChance = /^(cases|lives$|programs$|scans$)/;

const known = new Map<string, ReadonlyMap<string, number>>();
/** Drawn once for all tests. */
function countsOf(name: string): ReadonlyMap<string, number> {
  const counts = known.get(name) ?? drawn[name]!();
  known.set(name, counts);
  return counts;
}

const names = Object.keys(drawn).filter((name) => !fast || !byChance.test(name));

describe("what is drawn", () => {
  it.each(names)("%s are of every class", (name) => {
    const counts = countsOf(name);
    if (process.env["UNROLL_DRAWN"] === "write") {
      const often = [...counts].filter(([, count]) => !byChance.test(name) || count >= OFTEN);
      wanted[name] = [...new Set(often.map(([word]) => word))].sort();
      writeFileSync(file, `${JSON.stringify(wanted, null, 2)}\n`);
    }
    expect((wanted[name] ?? []).length).toBeGreaterThan(0);
    expect(wanted[name]!.filter((word) => !counts.has(word))).toEqual([]);
  });

  // What a wish excludes may not come back either.
  it.skipIf(fast).each([
    [
      "cases that step",
      /not steppable|backward|bidirectional|encoder|repeat|input (ends by (lengths|mask))|^batch 1$/,
    ],
    ["cases without a memory", /attention|repeat|^memory|source/],
    [
      "cases that hold values in",
      /custom|^(lstm|gru|simpleRnn) (activation|recurrentActivation|outputActivation) (?!tanh|sigmoid)/,
    ],
  ])("%s are of no other", (name, other) => {
    expect([...countsOf(name).keys()].filter((word) => other.test(word))).toEqual([]);
  });
});
