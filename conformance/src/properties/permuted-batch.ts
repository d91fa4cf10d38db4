import { type Case, describeCase, rowsOf, takeRows } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdTogether, informative, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const permutedBatch: Property<Case> = {
  id: "permuted-batch",
  title: "permuting the rows of a batch permutes the results",
  rules: ["batch", "R11"],
  arbitrary: () => cases({ minBatch: 2 }),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const order = Array.from({ length: given.batch }, (_, k) => (k * 3 + 1) % given.batch);
    // Not a permutation when the batch is a multiple of 3: then turned round.
    const rows = new Set(order).size === given.batch ? order : order.map((_, k) => given.batch - 1 - k);
    const back = rows.map((_, k) => rows.indexOf(k));
    return withModel(given, adapter, async (model) => {
      const permuted = await whole(model, rowsOf(given, rows));
      const turned = Object.fromEntries(
        Object.entries(permuted).map(([name, all]) => [name, takeRows(all, back)]),
      );
      return {
        errorOverBound: holdTogether(
          `rows in the order [${rows.join(", ")}]`,
          turned,
          await whole(model, given),
          truth,
        ),
      };
    });
  },
};
