import { type Case, describeCase, rowsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const batchMayChange: Property<Case> = {
  id: "batch-may-change",
  title: "one compiled model serves every batch size, in any order of calls",
  rules: ["batch", "R11"],
  share: 0.5,
  arbitrary: () => cases({ minBatch: 2 }),
  describe: describeCase,
  async check(given, { adapter }) {
    const { precision } = adapter.capabilities;
    const sizes = [given.batch, 1, given.batch - 1, given.batch + 1];
    const some = sizes.map((size) =>
      rowsOf(
        given,
        Array.from({ length: size }, (_, k) => k % given.batch),
      ),
    );
    const truths = some.map((one) => derived(one, precision));
    if (!truths.every((truth) => informative(truth, precision))) return skip("bound too wide");
    return withModel(given, adapter, async (model) => {
      let worst = 0;
      for (const [k, one] of some.entries())
        worst = Math.max(
          worst,
          holdAgainst(
            `batch ${one.batch} after ${sizes.slice(0, k).join(", ") || "none"}`,
            await whole(model, one),
            truths[k]!,
          ),
        );
      return { errorOverBound: worst };
    });
  },
};
