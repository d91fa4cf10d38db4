import { describe, expect, it } from "vitest";
import { coveringRows, type Factors, matters, pairsOf } from "../src/cases/covering.js";
import { pairedCase, pairedFactors, pairedFits, pairedRows } from "../src/cases/paired.js";

/** Every row that there is. */
const allRows = (factors: Factors): Record<string, string | number>[] =>
  Object.entries(factors).reduce<Record<string, string | number>[]>(
    (rows, [name, { levels }]) => rows.flatMap((row) => levels.map((level) => ({ ...row, [name]: level }))),
    [{}],
  );
const everyPairOf = (factors: Factors, rows: readonly Record<string, string | number>[]): Set<string> =>
  new Set(rows.flatMap((row) => pairsOf(factors, row)));

const factors = {
  cell: { levels: ["rnn", "lstm", "gru"] },
  units: { levels: [1, 2, 3, 4] },
  time: { levels: [1, 10, 100] },
  clip: { levels: ["none", "clipped"], needs: { cell: ["lstm"] } },
  extent: { levels: ["none", "lengths"] },
  masked: { levels: ["zero", "hold"], needs: { extent: ["lengths"] } },
  start: { levels: ["zeros", "state"], needs: { masked: ["hold"] } },
} as const satisfies Factors;

describe("rows that cover", () => {
  it("meet every pair that any row has, in far fewer rows than there are", () => {
    const rows = coveringRows(factors);
    const all = allRows(factors);
    expect(everyPairOf(factors, rows)).toEqual(everyPairOf(factors, all));
    expect(rows.length).toBeLessThan(all.length / 10);
  });

  it("meet every pair of those that are allowed, and none that is not", () => {
    const fits = ({ units = 1, time = 1 }: { units?: number; time?: number }): boolean => units * time <= 100;
    const rows = coveringRows(factors, fits);
    const allowed = allRows(factors).filter((row) => fits(row as { units: number; time: number }));
    expect(everyPairOf(factors, rows)).toEqual(everyPairOf(factors, allowed));
    expect(rows.filter((row) => !fits(row))).toEqual([]);
  });

  it("count a pair where both of it matter alone", () => {
    const row = {
      cell: "gru",
      units: 1,
      time: 1,
      clip: "none",
      extent: "none",
      masked: "hold",
      start: "zeros",
    };
    expect(Object.keys(factors).filter((name) => matters(factors, row, name))).toEqual([
      "cell",
      "units",
      "time",
      "extent",
    ]);
    expect(pairsOf(factors, row)).toHaveLength(6);
  });
});

describe("models of every pair", () => {
  const names = Object.keys(pairedFactors) as (keyof typeof pairedFactors)[];
  const met = everyPairOf(pairedFactors, pairedRows());

  it("are all small enough to be checked", () => {
    expect(pairedRows().filter((row) => !pairedFits(row))).toEqual([]);
  });

  // Counted without the generator: what does not depend on others is met in full.
  it.each(names.flatMap((a, k) => names.slice(k + 1).map((b) => [a, b] as const)))(
    "have every level of %s with every one of %s",
    (a, b) => {
      const one = pairedFactors[a];
      const other = pairedFactors[b];
      const pairs = one.levels.flatMap((p) => other.levels.map((q) => `${a} ${p}, ${b} ${q}`));
      const free = !("needs" in one) && !("needs" in other);
      const missing = pairs.filter((pair) => !met.has(pair));
      if (free) expect(missing).toEqual([]);
      else expect(missing.length).toBeLessThan(pairs.length);
    },
  );

  it("are built as their levels say", () => {
    const row = pairedRows().find(
      ({ form, state, extent, then }) =>
        form === "backward" && state === "given" && extent === "lengths" && then !== "another",
    );
    const given = pairedCase({ ...row!, seed: 1 });
    const layer = given.spec.layers.find(({ name }) => name === "layer0");
    expect(layer).toMatchObject({ type: "recurrent", direction: "backward", cell: { units: row!.units } });
    expect(given).toMatchObject({ batch: row!.batch, time: row!.time, mask: null });
    expect(given.lengths).toHaveLength(row!.batch);
    expect(Object.keys(given.state!)).toContain("layer0");
  });
});
