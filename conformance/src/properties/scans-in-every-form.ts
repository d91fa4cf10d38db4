import { print } from "@unroll/api/adapter";
import { knownScans, type ScanCase, scanCases, scanProgram } from "../cases/scan-programs.js";
import { holdProgram } from "./hold-program.js";
import type { Property } from "./property.js";

/** How a scan is wired, as the report counts it. */
const wired = ({ carries, sequences, captures, reverse, within, then, stacked }: ScanCase): string[] => [
  `${carries} carries`,
  `${sequences} sequences`,
  captures === 0 ? "no captures" : "captures",
  stacked.length === 0 ? "nothing stacked" : "stacked",
  reverse ? "reversed" : "forward",
  within === "none" ? "none within" : `one within, ${within}`,
  ...(then ? ["one after"] : []),
];

export const scansInEveryForm: Property<ScanCase> = {
  id: "scans-in-every-form",
  title: "a scan gives what its steps give one after the other, however its values are wired",
  rules: ["primitives", "R1"],
  share: 0.2,
  primitivesOnly: true,
  arbitrary: scanCases,
  examples: () => knownScans,
  classes: { all: () => [...new Set(knownScans.flatMap(wired))], of: wired },
  describe: (given) => print(scanProgram(given).program),
  check: async (given, { adapter }) => ({
    errorOverBound: await holdProgram(scanProgram(given), adapter),
  }),
};
