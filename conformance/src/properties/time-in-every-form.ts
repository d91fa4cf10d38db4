import * as fc from "fast-check";
import { describeCase } from "../cases/case.js";
import { type TimeCase, timeCase, timeLevels, timeRows } from "../cases/time-forms.js";
import { holdWholeAndSteps } from "./hold-whole-and-steps.js";
import type { Property } from "./property.js";

export const timeInEveryForm: Property<TimeCase> = {
  id: "time-in-every-form",
  title: "layers that make sequences longer or shorter, in which every two options meet, equal the equations",
  rules: [
    "own-time",
    "pad-time",
    "crop-time",
    "upsample-time",
    "concat-time",
    "transposed-convolution",
    "masked-state",
    "time-axes",
  ],
  share: 0.1,
  arbitrary: () =>
    fc
      .record({ row: fc.nat({ max: timeRows().length - 1 }), seed: fc.nat({ max: 1000 }) })
      .map(({ row, seed }) => ({ ...timeRows()[row]!, seed })),
  examples: () => timeRows().map((row, seed) => ({ ...row, seed })),
  classes: { all: () => [...new Set(timeRows().flatMap(timeLevels))], of: timeLevels },
  describe: (given) => `${timeLevels(given).join(", ")}; ${describeCase(timeCase(given))}`,
  check: (given, { adapter }) =>
    holdWholeAndSteps("whole sequence", JSON.stringify(given), timeCase(given), adapter),
};
