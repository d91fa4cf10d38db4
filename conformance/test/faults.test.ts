import { readFileSync } from "node:fs";
import { builtin } from "@unroll/api";
import type { CompositeNode } from "@unroll/api/adapter";
import { afterAll, describe, expect, it } from "vitest";
import { faultOfComposites } from "../src/faults/planting/composites.js";
import {
  broken,
  certify,
  expanded,
  type Fault,
  faults,
  meet,
  mustKill,
  namedProperties,
  properties,
  type PropertyName,
} from "../src/index.js";
import { fast, runs, seed } from "./settings.js";

const duels = (Object.entries(mustKill) as [PropertyName, readonly string[]][]).flatMap(([name, ids]) =>
  ids.map((id) => [namedProperties[name].id, id] as const),
);

const table = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");

/** Properties that killed a fault when the page was written. */
function knownKillers(id: string): string[] {
  const row = table.split("\n").find((line) => line.startsWith(`| ${id} |`));
  return row?.split("|")[4]?.trim().split(", ") ?? [];
}

/** Properties in the order in which a fault meets them: those that must kill it, those that did, the rest. */
function opponentsOf({ id, breakEngine }: Fault): string[] {
  const must = duels.filter(([, fault]) => fault === id).map(([property]) => property);
  const did = knownKillers(id).filter((known) => properties.some((property) => property.id === known));
  const sure = [...must, ...did];
  // Only one property looks at weight layouts.
  const others = breakEngine
    ? properties.map((property) => property.id)
    : [namedProperties.weightsSurvive.id];
  return [...new Set([...sure, ...others])];
}

/** The first property that kills a fault, and how often the fault fired in the case that it died of. */
async function death(fault: Fault): Promise<{ by: string; fired: number }> {
  for (const by of opponentsOf(fault)) {
    const { killed, fired } = await meet(fault, by, { seed });
    if (killed) return { by, fired };
  }
  return { by: "nothing", fired: 0 };
}

describe(`planted faults, seed ${seed}`, () => {
  // The wrapped engine's other form is an engine of its own below.
  const forms = ["as is"] as const;
  const kills: [fault: string, property: string][] = [];

  it.skipIf(fast).each(faults.map((fault) => [fault.id, fault] as const))(
    "%s is killed by a named property within the default runs, in a case that it changes",
    async (_id, fault) => {
      const { by, fired } = await death(fault);
      kills.push([fault.id, by]);
      expect(by).not.toBe("nothing");
      expect(fired).toBeGreaterThan(0);
    },
  );

  afterAll(() => {
    if (kills.length === 0) return;
    const width = Math.max(...kills.map(([id]) => id.length));
    console.log(kills.map(([id, by]) => `${id.padEnd(width)}  killed by ${by}`).join("\n"));
  });

  it.skipIf(fast)("the wrapper that plants them breaks nothing by itself", async () => {
    const { summary } = await certify(broken(builtin(), {}), { runs, seed, forms, alive: () => 0 });
    expect(summary.failed).toBe(0);
  });

  it.skipIf(fast).each([
    ["the builtin engine", builtin()],
    ["the builtin engine expanded", expanded(builtin())],
  ] as const)(
    "the wrapper of composites, which changes none, breaks nothing in %s",
    async (_name, honest) => {
      const planted = { count: 0, fired: 0 };
      const asTheyAre = faultOfComposites(
        "unchanged",
        "",
        "",
        (node) => node,
        (node): node is CompositeNode => node.kind === "composite",
      );
      const { properties: judged } = await certify(asTheyAre.breakEngine!(honest, planted), {
        runs,
        seed,
        forms,
        alive: () => planted.count,
      });
      expect(judged.filter(({ status }) => status === "failed")).toEqual([]);
      expect(planted.fired).toBe(0);
    },
  );

  it("are at least 40, each under a name of its own and in the table", () => {
    expect(faults.length).toBeGreaterThanOrEqual(40);
    expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
    for (const { id, title, seen } of faults) expect(table).toContain(`| ${id} | ${title} | ${seen} |`);
    expect(table).not.toContain("| **none** |");
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    for (const page of [table, readme]) expect(page).toContain(`${faults.length} ways to break`);
  });
});

describe(`properties, seed ${seed}`, () => {
  // Those with many examples that every run goes through are long runs.
  const short = duels.filter(([property]) => !/every-size|primitives-in-every-form/.test(property));
  it.each(fast ? short : duels)(
    "%s alone kills %s, in a case that the fault changes",
    async (property, id) => {
      const fault = faults.find((one) => one.id === id);
      expect(fault).toBeDefined();
      const { killed, fired } = await meet(fault!, property, { seed });
      expect(killed).toBe(true);
      expect(fired).toBeGreaterThan(0);
    },
  );

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
