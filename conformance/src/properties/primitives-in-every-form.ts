import { print } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { type PrimitiveCase, primitiveCases, primitiveProgram } from "../cases/primitive-programs.js";
import { holdProgram } from "./hold-program.js";
import type { Property } from "./property.js";

const placed = ({ op, place }: Pick<PrimitiveCase, "op" | "place">): string => `${op}, ${place}`;

export const primitivesInEveryForm: Property<PrimitiveCase> = {
  id: "primitives-in-every-form",
  title: "each primitive, in every form and place, gives what its definition gives",
  rules: ["primitives", "R1"],
  share: 0.1,
  primitivesOnly: true,
  arbitrary: () =>
    fc
      .record({
        at: fc.constantFrom(...primitiveCases),
        batch: fc.integer({ min: 1, max: 3 }),
        seed: fc.nat({ max: 2 ** 30 }),
      })
      .map(({ at, batch, seed }) => ({ ...at, batch, seed })),
  examples: () => primitiveCases.map((at, k) => ({ ...at, batch: 1 + (k % 3), seed: k })),
  classes: { all: () => primitiveCases.map(placed), of: (given) => [placed(given)] },
  describe: (given) => `${given.op} in a ${given.place}; ${print(primitiveProgram(given).program)}`,
  check: async (given, { adapter }) => ({
    errorOverBound: await holdProgram(primitiveProgram(given), adapter),
  }),
};
