import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

const scales = [1e4, 1e-30, 1e-41];

export const saturation: Property<Case> = {
  id: "saturation",
  title: "huge inputs saturate and tiny ones, subnormal ones too, count as what they are",
  rules: ["activation", "R9"],
  share: 0.5,
  arbitrary: () =>
    cases({ bounded: true, extent: "none" }).filter(({ spec }) => spec.inputs[0]!.dtype === "float32"),
  describe: describeCase,
  async check(given, { adapter }) {
    let worst = 0;
    let checked = 0;
    await withModel(given, adapter, async (model) => {
      for (const scale of scales) {
        const scaled: Case = {
          ...given,
          x: { ...given.x, data: Float32Array.from(given.x.data, (value) => value * scale) } as Case["x"],
        };
        const truth = derived(scaled, adapter.capabilities.precision);
        if (!informative(truth, adapter.capabilities.precision)) continue;
        worst = Math.max(worst, holdAgainst(`inputs times ${scale}`, await whole(model, scaled), truth));
        checked++;
      }
    });
    return checked > 0 ? { errorOverBound: worst } : skip("bound too wide");
  },
};
