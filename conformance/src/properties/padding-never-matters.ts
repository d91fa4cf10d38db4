import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { IDS } from "../cases/specs.js";
import { holdBitwise, whole, withModel } from "./judge.js";
import { exactOutcome, type Property, skip } from "./property.js";

const fillings = [NaN, 1e30, -Infinity];

/** A sequence with other values wherever a step is not real. */
function refilled(
  { x, time, lengths, mask }: Pick<Case, "x" | "time" | "lengths" | "mask">,
  filling: number,
): Case["x"] {
  const batch = x.shape[0]!;
  const size = x.data.length / batch / time;
  const data = x.data.slice();
  for (let row = 0; row < batch; row++)
    for (let t = 0; t < time; t++) {
      const real = lengths ? t < lengths[row]! : mask ? mask[row]![t] : true;
      if (!real)
        data.fill(
          x.dtype === "int32" ? (data[(row * time + t) * size]! + 1) % IDS : filling,
          (row * time + t) * size,
          (row * time + t + 1) * size,
        );
    }
  return { ...x, data } as Case["x"];
}

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
