import { type Case, describeCase, rowsOf, slice } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const lengthsEqualShorter: Property<Case> = {
  id: "lengths-equal-shorter",
  title: "a padded row gives what the shorter sequence alone gives",
  rules: ["masked-state", "empty-row", "last-output", "R2"],
  share: 0.5,
  // In the order of processing a backward layer's padding comes first, which lengths can't say to the layer
  // after it; and the last output of a padded row, which a repeat reads, may be that of a masked step.
  arbitrary: () =>
    cases({ extent: "lengths" }).filter(
      ({ spec: of }) =>
        !of.layers.some(
          (layer) =>
            layer.type === "repeat" ||
            layer.type === "toSequence" ||
            (layer.type === "recurrent" &&
              layer.direction === "backward" &&
              layer.outputOrder === "processing"),
        ),
    ),
  describe: describeCase,
  async check(given, { adapter }) {
    const { precision } = adapter.capabilities;
    let worst = 0;
    let checked = 0;
    await withModel(given, adapter, async (model) => {
      const together = await whole(model, given);
      for (let row = 0; row < given.batch; row++) {
        const length = given.lengths![row]!;
        if (length === 0) continue;
        const alone = { ...rowsOf(given, [row]), time: length, lengths: null };
        const short: Case = { ...alone, x: slice(alone.x, 1, 0, length) };
        const truth = derived(short, precision);
        if (!informative(truth, precision)) continue;
        // Final states only: what a padded row puts out past its end is `oracle-sequence`'s to judge.
        const states = Object.fromEntries(
          Object.entries(together)
            .filter(([name]) => name.startsWith("state "))
            .map(([name, held]) => [name, slice(held, 0, row, row + 1)]),
        );
        worst = Math.max(
          worst,
          holdAgainst(
            `row ${row} of ${length} steps`,
            states,
            {
              exact: { outputs: {}, state: truth.exact.state },
              bounds: { outputs: {}, state: truth.bounds.state },
            },
            2,
          ),
        );
        checked++;
      }
    });
    return checked > 0 ? { errorOverBound: worst } : skip("no row with steps and a narrow bound");
  },
};
