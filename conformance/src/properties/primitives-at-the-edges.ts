import * as fc from "fast-check";
import type { PrimitiveName } from "@unroll/api/adapter";
import { edgePrimitives, edgeProgram } from "../cases/primitive-edges.js";
import { holdProgram } from "./hold-program.js";
import { type Property, skip } from "./property.js";

export const primitivesAtTheEdges: Property<PrimitiveName> = {
  id: "primitives-at-the-edges",
  title:
    "each primitive gives what its definition gives of zeros, halves, the tiny, the huge, infinities and NaN",
  rules: ["primitives", "R1"],
  share: 0.1,
  primitivesOnly: true,
  arbitrary: () => fc.constantFrom(...edgePrimitives),
  examples: () => edgePrimitives,
  classes: { all: () => edgePrimitives, of: (op) => [op] },
  describe: (op) => `${op} at its edges`,
  async check(op, { adapter }) {
    const { precision, losesNaN, largestInteger } = adapter.capabilities;
    if (precision !== "f32") return skip("numbers that 16 bits do not hold");
    if (losesNaN) return skip("the engine promises nothing of NaN and infinities");
    return { errorOverBound: await holdProgram(edgeProgram(op, largestInteger), adapter, { apart: true }) };
  },
};
