import { type Case, describeCase, rowsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, type Results, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";
import { slice } from "../cases/case.js";

export const rowsIndependent: Property<Case> = {
  id: "rows-independent",
  title: "a row of a batch gives what it gives alone: rows do not influence each other",
  rules: ["batch", "R11"],
  share: 0.5,
  arbitrary: () => cases({ minBatch: 2 }),
  describe: describeCase,
  async check(given, { adapter }) {
    const { precision } = adapter.capabilities;
    let worst = 0;
    let checked = 0;
    await withModel(given, adapter, async (model) => {
      const together = await whole(model, given);
      for (let row = 0; row < given.batch; row++) {
        const truth = derived(rowsOf(given, [row]), precision);
        if (!informative(truth, precision)) continue;
        const own: Results = Object.fromEntries(
          Object.entries(together).map(([name, all]) => [name, slice(all, 0, row, row + 1)]),
        );
        worst = Math.max(worst, holdAgainst(`row ${row} of ${given.batch}`, own, truth));
        checked++;
      }
    });
    return checked > 0 ? { errorOverBound: worst } : skip("bound too wide");
  },
};
