import { type Adapter, whyNotSteppable } from "@unroll/api";
import type { Case } from "../cases/case.js";
import { derivedAs } from "./derived.js";
import { holdAgainst, informative, sequenceOutputs, stepped, whole, withModel } from "./judge.js";
import { type Outcome, skip } from "./property.js";

/** Steps that are run one by one; the path of a step is the same at each. */
const FEW = 8;

/**
 * Holds a case against the equations, as a whole sequence and, where it has few steps that are all real, step
 * by step.
 *
 * @param name that no other case has
 * @throws Violation
 */
export async function holdWholeAndSteps(
  place: string,
  name: string,
  given: Case,
  adapter: Adapter,
): Promise<Outcome> {
  const { precision } = adapter.capabilities;
  // The model first: an engine that refuses it is not worth the truth.
  return withModel(given, adapter, async (model): Promise<Outcome> => {
    const truth = derivedAs(name, given, precision, 8);
    if (!informative(truth, precision)) return skip("bound too wide");
    const worst = holdAgainst(place, await whole(model, given), truth);
    const [{ axis }] = given.spec.inputs as [Case["spec"]["inputs"][number]];
    const plain = axis !== null && given.lengths === null && given.mask === null && given.time <= FEW;
    if (!plain || whyNotSteppable(given.spec) !== null) return { errorOverBound: worst };
    const steps = await stepped(model, given, sequenceOutputs(given, truth.exact));
    return { errorOverBound: Math.max(worst, holdAgainst(`${place}, by steps`, steps, truth)) };
  });
}
