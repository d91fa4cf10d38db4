import { print } from "@unroll/api/adapter";
import { knownScans, type ScanCase, scanCases, scanProgram } from "../cases/scan-programs.js";
import { holdProgram } from "./hold-program.js";
import type { Property } from "./property.js";

export const scansInEveryForm: Property<ScanCase> = {
  id: "scans-in-every-form",
  title: "a scan gives what its steps give one after the other, however its values are wired",
  rules: ["primitives", "R1"],
  share: 0.2,
  primitivesOnly: true,
  arbitrary: scanCases,
  examples: () => knownScans,
  describe: (given) => print(scanProgram(given).program),
  check: async (given, { adapter }) => ({
    errorOverBound: await holdProgram(scanProgram(given), adapter),
  }),
};
