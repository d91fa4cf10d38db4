import { isUnrollError, whyNotSteppable } from "@unroll/api";
import * as fc from "fast-check";
import { describeCase, runOf } from "../cases/case.js";
import { type SizeCase, sizeCase, sizeCases } from "../cases/sizes.js";
import { deriveBounds } from "../tolerance/bounds.js";
import { holdAgainst, informative, sequenceOutputs, stepped, whole, withModel } from "./judge.js";
import { type Outcome, type Property, skip } from "./property.js";

/** What every engine holds at least: the integers of half a float. */
const LEAST_LARGEST = 2048;

/** Steps that are run one by one; the path of a step is the same at each. */
const FEW = 8;

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
  describe: (given) => `${given.axis} of ${given.size}: ${describeCase(sizeCase(given))}`,
  async check(size, { adapter }) {
    const { precision, largestInteger = Infinity } = adapter.capabilities;
    const given = sizeCase(size);
    const truth = deriveBounds(given.spec, given.weights, runOf(given), { precision, samples: 8 });
    if (!informative(truth, precision)) return skip("bound too wide");
    const mayRefuse = size.size > Math.max(largestInteger, LEAST_LARGEST);
    const held = withModel(given, adapter, async (model): Promise<Outcome> => {
      const place = `${size.axis} of ${size.size}`;
      const worst = holdAgainst(place, await whole(model, given), truth);
      const plain = given.lengths === null && given.mask === null && given.time <= FEW;
      if (!plain || whyNotSteppable(given.spec) !== null) return { errorOverBound: worst };
      const steps = await stepped(model, given, sequenceOutputs(given, truth.exact));
      return { errorOverBound: Math.max(worst, holdAgainst(`${place}, by steps`, steps, truth)) };
    });
    return held.catch((error: unknown) => {
      if (mayRefuse && isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED")
        return skip(error.message);
      throw error;
    });
  },
};
