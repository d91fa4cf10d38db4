import { describe, expect, it } from "vitest";
import { certify, honestFamilies, supportOf } from "../src/index.js";
import { fusedMultiplyAdd } from "../src/honest/summation.js";
import { half } from "../src/honest/rounding.js";
import { fast, seed } from "./settings.js";

/** How many seeds each engine is certified at, with every property: for the long form. */
const seeds = Number(process.env["UNROLL_HONEST_SEEDS"] ?? 0);
const runs = Number(process.env["UNROLL_RUNS"] ?? (seeds > 0 ? 100 : fast ? 2 : 6));

/** The properties that come nearest to condemning an engine which is unlike others in one way. */
const nearest: { readonly [F in keyof typeof honestFamilies]: readonly string[] } = {
  arithmetic: [
    "oracle-sequence",
    "step-equals-sequence",
    "state-moves",
    "saturation",
    "programs-equal-definitions",
    "primitives-at-the-edges",
    "weights-survive",
  ],
  memory: [
    "results-are-owned",
    "given-means-taken",
    "use-after-dispose",
    "nothing-stays-alive",
    "rebind-equals-compile",
    "streams-do-not-mix",
    "a-whole-life",
  ],
  claims: ["oracle-sequence", "oracle-step", "backward-is-reversed-forward", "unknown-is-expanded"],
  "one-primitive-less": ["unclaimed-is-refused", "oracle-sequence", "a-whole-life"],
};

const families = Object.entries(honestFamilies) as [
  keyof typeof honestFamilies,
  typeof honestFamilies.memory,
][];

describe.each(families)("honest engines, unlike in their %s", (family, engines) => {
  // A lack shows in what is refused, which is the same for every case.
  const few = family === "one-primitive-less" && seeds === 0;
  const some = Object.entries(engines).filter((_, k) => !fast || k % (few ? 16 : 4) === 0);
  it.each(some)(
    "%s is not condemned",
    async (_name, make) => {
      const { adapter, alive } = make();
      const composites = Object.keys(adapter.capabilities.composites).length > 0;
      const forms = composites && !few ? (["as is", "expanded"] as const) : (["as is"] as const);
      const failures: unknown[] = [];
      for (let k = 0; k < Math.max(1, seeds); k++) {
        const report = await certify(adapter, {
          seed: seed + k * 100_003,
          runs: few ? 1 : runs,
          forms,
          ...(seeds === 0 && { only: nearest[family] }),
          ...(alive && { alive }),
        });
        failures.push(...report.properties.filter(({ status }) => status === "failed"));
        failures.push(...(report.support ?? []).filter(({ how }) => how === "wrong"));
      }
      if (family === "claims" && seeds === 0)
        failures.push(...(await supportOf(adapter)).filter(({ how }) => how === "wrong"));
      expect(failures).toEqual([]);
    },
    seeds > 0 ? 7_200_000 : 60_000,
  );
});

describe("what honest engines are made of", () => {
  it("multiplies and adds with one rounding", () => {
    // (1 + 2^-12)^2 is 1 + 2^-11 + 2^-24: rounded before the sum, its last part is lost.
    const x = 1 + 2 ** -12;
    expect(fusedMultiplyAdd(x, x, -(1 + 2 ** -11))).toBe(2 ** -24);
    expect(Math.fround(Math.fround(x * x) - (1 + 2 ** -11))).toBe(0);
    // Half way between two float32, and a little that float64 has no room for decides.
    expect(fusedMultiplyAdd(2 ** -30, 2 ** -30, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
    const tie = 2 ** -24;
    expect(fusedMultiplyAdd(1 + 2 ** -23, tie, 1)).toBe(1 + 2 ** -23);
    expect(fusedMultiplyAdd(2 ** -60, 1, Math.fround(2 ** -24))).toBe(2 ** -24);
    expect(fusedMultiplyAdd(tie, 1, 1)).toBe(1);
  });

  it("rounds to half precision: ties to even, subnormals, and infinity past the largest", () => {
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -25, -0.1].map(half)).toEqual([
      1,
      1 + 2 ** -9,
      65504,
      Infinity,
      0,
      2 ** -23,
      -0.0999755859375,
    ]);
  });
});
