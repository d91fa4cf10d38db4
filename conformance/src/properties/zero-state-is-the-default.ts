import { type Case, describeCase, inputsOf, optionsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { holdBitwise, resultsOf, whole, withModel } from "./judge.js";
import { exactOutcome, type Property } from "./property.js";

export const zeroStateIsTheDefault: Property<Case> = {
  id: "zero-state-is-the-default",
  title: "no state given is the zero state given, and no state is kept from one run to the next",
  rules: ["state", "R7"],
  arbitrary: () => cases().map((given) => ({ ...given, state: null })),
  describe: describeCase,
  async check(given, { adapter }) {
    await withModel(given, adapter, async (model) => {
      const first = await whole(model, given);
      const given0 = await resultsOf(
        await model.sequence(inputsOf(given), { ...optionsOf(given), state: model.zeroState(given.batch) }),
      );
      holdBitwise("the zero state against none, in a later run", given0, first);
    });
    return exactOutcome;
  },
};
