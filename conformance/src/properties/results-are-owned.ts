import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { holdBitwise, type Results, whole, withModel } from "./judge.js";
import { exactOutcome, type Property } from "./property.js";

export const resultsAreOwned: Property<Case> = {
  id: "results-are-owned",
  title: "a result stays as it was when later runs come, and writing into it changes no later one",
  rules: ["purity", "R20"],
  arbitrary: () => cases(),
  describe: describeCase,
  async check(given, { adapter }) {
    await withModel(given, adapter, async (model) => {
      const first = await whole(model, given);
      const copy: Results = Object.fromEntries(
        Object.entries(first).map(([name, { dtype, shape, data }]) => [
          name,
          { dtype, shape, data: data.slice() },
        ]),
      );
      // Half of an id is one.
      const x = { ...given.x, data: given.x.data.map((value) => value / 2) } as Case["x"];
      await whole(model, { ...given, x });
      holdBitwise("the first result, after a second run", first, copy);
      for (const { data } of Object.values(first)) data.fill(7);
      holdBitwise("a run after its results were written into", await whole(model, given), copy);
    });
    return exactOutcome;
  },
};
