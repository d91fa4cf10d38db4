import * as fc from "fast-check";
import { describeCase } from "../cases/case.js";
import { type PairedCase, pairedCase, pairedLevels, pairedRows } from "../cases/paired.js";
import { holdWholeAndSteps } from "./hold-whole-and-steps.js";
import type { Property } from "./property.js";

export const everyPair: Property<PairedCase> = {
  id: "every-pair",
  title: "models in which every two options, sizes and ways to run meet equal the equations",
  rules: ["step", "state", "masked-state", "batch", "R7"],
  share: 0.1,
  arbitrary: () =>
    fc
      .record({ row: fc.nat({ max: pairedRows().length - 1 }), seed: fc.nat({ max: 1000 }) })
      .map(({ row, seed }) => ({ ...pairedRows()[row]!, seed })),
  examples: () => pairedRows().map((row, seed) => ({ ...row, seed })),
  classes: { all: () => [...new Set(pairedRows().flatMap(pairedLevels))], of: pairedLevels },
  describe: (given) => describeCase(pairedCase(given)),
  check: (given, { adapter }) =>
    holdWholeAndSteps("whole sequence", JSON.stringify(given), pairedCase(given), adapter),
};
