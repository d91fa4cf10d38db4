import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { IDS } from "../cases/specs.js";
import { holdBitwise, whole, withModel } from "./judge.js";
import { exactOutcome, type Property, skip } from "./property.js";

const fillings = [NaN, 1e30, -Infinity];

/** The case with other values wherever a step is not real. */
function refilled(given: Case, filling: number): Case {
  const size = given.x.data.length / given.batch / given.time;
  const data = given.x.data.slice();
  for (let row = 0; row < given.batch; row++) for (let t = 0; t < given.time; t++) {
    const real = given.lengths ? t < given.lengths[row]! : given.mask![row]![t];
    if (!real) data.fill(given.x.dtype === "int32" ? (data[(row * given.time + t) * size]! + 1) % IDS : filling, (row * given.time + t) * size, (row * given.time + t + 1) * size);
  }
  return { ...given, x: { ...given.x, data } as Case["x"] };
}

export const paddingNeverMatters: Property<Case> = {
  id: "padding-never-matters",
  title: "values under the padding never reach a recurrent result, NaN and infinity included",
  rules: ["masked-state", "masked-output", "R2", "R9"],
  arbitrary: () => cases({ depth: 1 }).filter(({ lengths, mask }) => lengths !== null || mask !== null),
  describe: describeCase,
  async check(given, { adapter }) {
    // A layer after the recurrent one would see zeros or held values, never the padding; a residual would see it.
    if (given.spec.layers.some((layer) => layer.type === "merge")) return skip("the model itself reads its input beside the layer");
    await withModel(given, adapter, async (model) => {
      const clean = await whole(model, given);
      for (const filling of fillings) holdBitwise(`padding of ${filling}`, await whole(model, refilled(given, filling)), clean);
    });
    return exactOutcome;
  },
};
