import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../conformance/src/cases/cases.js";
import { lowered } from "../conformance/src/cases/lowered.js";
import { type GivenProgram, programs } from "../conformance/src/cases/programs.js";
import { differentiated } from "../conformance/src/properties/gradient-truth.js";
import { runs, seed } from "../conformance/test/settings.js";

/** Whether the two agree, or there is nothing to compare: at a pole, or past the largest number. */
function holds(given: GivenProgram, direction: number): boolean {
  const { byGradient, byDual, size } = differentiated(given, direction);
  if (!Number.isFinite(byDual) || byDual === 0) return false;
  expect(Math.abs(byGradient - byDual) / size).toBeLessThan(1e-9);
  return true;
}

describe("gradients equal dual numbers", () => {
  it.each([
    ["of random programs, scans within scans among them", programs()],
    ["of random models", cases().map(lowered)],
  ] as const)("%s", (_, arbitrary) => {
    let held = 0;
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<GivenProgram>, fc.nat({ max: 2 ** 30 }), (given, direction) => {
        held += Number(holds(given, direction));
      }),
      { numRuns: runs, seed },
    );
    expect(held).toBeGreaterThan(runs / 2);
  });
});
