import { readFileSync } from "node:fs";
import { builtin } from "@unroll/api";
import { afterAll, describe, expect, it } from "vitest";
import { broken, certify, faults, killers, properties } from "../src/index.js";
import { fast, runs, seed } from "./settings.js";

describe(`planted faults, seed ${seed}`, () => {
  const kills: [fault: string, property: string][] = [];

  it.skipIf(fast).each(faults.map((fault) => [fault.id, fault] as const))(
    "%s is killed by a named property within the default runs",
    async (_id, fault) => {
      const by = await killers(fault, { seed });
      kills.push([fault.id, by[0] ?? "nothing"]);
      expect(by).not.toEqual([]);
    },
  );

  afterAll(() => {
    if (kills.length === 0) return;
    const width = Math.max(...kills.map(([id]) => id.length));
    console.log(kills.map(([id, by]) => `${id.padEnd(width)}  killed by ${by}`).join("\n"));
  });

  it.skipIf(fast)("the wrapper that plants them breaks nothing by itself", async () => {
    const { summary } = await certify(broken(builtin(), {}), { runs, seed, alive: () => 0 });
    expect(summary.failed).toBe(0);
  });

  it("are at least 40, each under a name of its own and in the table", () => {
    expect(faults.length).toBeGreaterThanOrEqual(40);
    expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
    const table = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");
    for (const { id, title, seen } of faults) expect(table).toContain(`| ${id} | ${title} | ${seen} |`);
  });
});

describe("properties", () => {
  it("cite rules that docs/semantics.md has, and every rule is cited", () => {
    const rules = [
      ...readFileSync(new URL("../../docs/semantics.md", import.meta.url), "utf8").matchAll(/^### (\S+)$/gm),
    ].map(([, id]) => id!);
    const cited = new Set(
      properties.flatMap((property) => property.rules.filter((rule) => !/^R\d+$/.test(rule))),
    );
    expect([...cited].filter((rule) => !rules.includes(rule))).toEqual([]);
    expect(rules.filter((rule) => !cited.has(rule))).toEqual([]);
  });
});
