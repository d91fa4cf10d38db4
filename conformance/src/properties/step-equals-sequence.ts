import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdTogether, informative, sequenceOutputs, stepped, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const stepEqualsSequence: Property<Case> = {
  id: "step-equals-sequence",
  title: "one step at a time equals the whole sequence",
  rules: ["step", "R1", "R7"],
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    return withModel(given, adapter, async (model) => ({
      errorOverBound: holdTogether(
        "step by step against the whole",
        await stepped(model, given, sequenceOutputs(given, truth.exact)),
        await whole(model, given),
        truth,
      ),
    }));
  },
};
