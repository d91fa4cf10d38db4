import { builtin } from "@unroll/api";
import { describe, expect, it } from "vitest";
import { certify, type CertifyReport, htmlReport, properties, type Property } from "../src/index.js";
import { seed } from "./settings.js";

const counted = properties.filter((property) => property.classes !== undefined);
const runOf = (ids: readonly string[], runs: number): Promise<CertifyReport> =>
  certify(builtin(), { seed, runs, only: ids, forms: ["as is"] });

describe("kinds of cases that a run has to meet", () => {
  it("are counted for sizes, pairs, primitives, scans, edges and what is done", () => {
    expect(counted.map(({ id }) => id).sort()).toEqual([
      "a-whole-life",
      "every-pair",
      "every-size",
      "layers-at-the-edges",
      "layers-in-every-form",
      "primitives-at-the-edges",
      "primitives-in-every-form",
      "programs-equal-definitions",
      "scans-in-every-form",
      "time-in-every-form",
      "windows-in-every-form",
    ]);
  });

  it("are those of the examples, where there are any", () => {
    for (const { examples, classes } of counted as readonly Property[]) {
      if (!examples) continue;
      const met = new Set(examples().flatMap((given) => classes!.of(given)));
      expect([...met].sort()).toEqual([...classes!.all()].sort());
    }
  });

  it("are all met by random programs of a default run", async () => {
    const { properties: reports } = await runOf(["programs-equal-definitions"], 100);
    const [{ met }] = reports as [CertifyReport["properties"][number]];
    expect(Object.keys(met)).toEqual(expect.arrayContaining(["add", "matmul", "a scan", "a scan in a scan"]));
    expect(Object.entries(met).filter(([, count]) => count === 0)).toEqual([]);
  });

  it("count what said something, and not what was skipped", async () => {
    const half = { ...builtin(), capabilities: { ...builtin().capabilities, losesNaN: true } };
    const only = ["primitives-at-the-edges"];
    const skipped = await certify(half, { seed, runs: 1, only, forms: ["as is"] });
    expect(new Set(Object.values(skipped.properties[0]!.met))).toEqual(new Set([0]));
    const said = await runOf(only, 1);
    const counts = Object.values(said.properties[0]!.met);
    expect(Math.min(...counts)).toBe(1);
    expect(htmlReport(said)).toContain(`${counts.length} of ${counts.length} kinds met`);
  });
});
