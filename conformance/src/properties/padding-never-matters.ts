import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { holdBitwise, whole, withModel } from "./judge.js";
import { exactOutcome, type Property, skip } from "./property.js";
import { refilled } from "./refilled.js";

const fillings = [NaN, 1e30, -Infinity];

export const paddingNeverMatters: Property<Case> = {
  id: "padding-never-matters",
  title: "values under the padding never reach a recurrent result, NaN and infinity included",
  rules: ["masked-state", "masked-output", "R2", "R9"],
  arbitrary: () =>
    // The mean where all is masked is one over the padding, by its name.
    cases({ depth: 1 }).filter(
      ({ spec, lengths, mask, memory }) =>
        [lengths, mask, memory?.lengths, memory?.mask].some((one) => one != null) &&
        !spec.layers.some((layer) => "emptyRows" in layer && layer.emptyRows === "mean"),
    ),
  describe: describeCase,
  async check(given, { adapter }) {
    // A layer after the recurrent one would see zeros or held values, never the padding; a residual would see
    // it.
    if (given.spec.layers.some(({ name }) => name.endsWith("_residual")))
      return skip("the model itself reads its input beside the layer");
    await withModel(given, adapter, async (model) => {
      const clean = await whole(model, given);
      for (const filling of fillings)
        holdBitwise(
          `padding of ${filling}`,
          await whole(model, {
            ...given,
            x: refilled(given, filling),
            memory: given.memory && { ...given.memory, x: refilled(given.memory, filling) },
          }),
          clean,
        );
    });
    return exactOutcome;
  },
};
