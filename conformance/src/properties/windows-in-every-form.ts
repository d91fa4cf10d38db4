import * as fc from "fast-check";
import { describeCase } from "../cases/case.js";
import { type WindowCase, windowCase, windowLevels, windowRows } from "../cases/window-forms.js";
import { holdWholeAndSteps } from "./hold-whole-and-steps.js";
import type { Property } from "./property.js";

export const windowsInEveryForm: Property<WindowCase> = {
  id: "windows-in-every-form",
  title: "convolutions and pools in which every two options meet equal the equations",
  rules: ["windows", "convolution", "pool", "masked-state", "R7"],
  share: 0.1,
  arbitrary: () =>
    fc
      .record({ row: fc.nat({ max: windowRows().length - 1 }), seed: fc.nat({ max: 1000 }) })
      .map(({ row, seed }) => ({ ...windowRows()[row]!, seed })),
  examples: () => windowRows().map((row, seed) => ({ ...row, seed })),
  classes: { all: () => [...new Set(windowRows().flatMap(windowLevels))], of: windowLevels },
  describe: (given) => `${windowLevels(given).join(", ")}; ${describeCase(windowCase(given))}`,
  check: (given, { adapter }) =>
    holdWholeAndSteps("whole sequence", JSON.stringify(given), windowCase(given), adapter),
};
