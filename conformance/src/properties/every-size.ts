import { isUnrollError } from "@unroll/api";
import * as fc from "fast-check";
import { describeCase } from "../cases/case.js";
import { type SizeCase, sizeCase, sizeCases } from "../cases/sizes.js";
import { holdWholeAndSteps } from "./hold-whole-and-steps.js";
import { type Property, skip } from "./property.js";

/** What every engine holds at least: the integers of half a float. */
const LEAST_LARGEST = 2048;

const sized = ({ axis, size }: Pick<SizeCase, "axis" | "size">): string => `${axis} of ${size}`;

export const everySize: Property<SizeCase> = {
  id: "every-size",
  title: "models of every size around those of tiles and blocks equal the equations, whole and by steps",
  rules: ["step", "state", "batch", "R7"],
  share: 0.1,
  arbitrary: () =>
    fc
      .record({ at: fc.constantFrom(...sizeCases), seed: fc.nat({ max: 1000 }) })
      .map(({ at, seed }) => ({ ...at, seed })),
  examples: () => sizeCases.map((at, k) => ({ ...at, seed: k })),
  classes: { all: () => sizeCases.map(sized), of: (given) => [sized(given)] },
  describe: (given) => `${sized(given)}: ${describeCase(sizeCase(given))}`,
  async check(size, { adapter }) {
    const { largestInteger = Infinity } = adapter.capabilities;
    const mayRefuse = size.size > Math.max(largestInteger, LEAST_LARGEST);
    const place = sized(size);
    try {
      return await holdWholeAndSteps(place, `${place}, seed ${size.seed}`, sizeCase(size), adapter);
    } catch (error) {
      if (mayRefuse && isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED")
        return skip(error.message);
      throw error;
    }
  },
};
