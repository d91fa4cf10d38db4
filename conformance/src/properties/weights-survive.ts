import { isUnrollError, type WeightMap } from "@unroll/api";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import * as fc from "fast-check";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import type { Dialect } from "../dialects.js";
import { derived } from "./derived.js";
import { holdAgainst, holdBitwise, informative, type Results, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

/**
 * Weights written in a dialect into a file and read out of it again, or null where the dialect has no such
 * layer.
 */
function roundTrip({ spec, weights }: Case, dialect: Dialect): { weights: WeightMap; exact: boolean } | null {
  let written: ReturnType<Dialect["to"]>;
  try {
    written = dialect.to(spec, weights);
  } catch (error) {
    if (isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED") return null;
    throw error;
  }
  const { tensors } = readSafetensors(writeSafetensors(written.weights));
  const read = dialect.from(spec, tensors);
  return { weights: read.weights, exact: written.losses.length === 0 && read.losses.length === 0 };
}

export const weightsSurvive: Property<Case> = {
  id: "weights-survive",
  title:
    "weights written in another framework's layout and read again are the same bit for bit, or, where a " +
    "loss is reported, give the same results",
  rules: ["weight-layouts", "bias-forms", "R4", "R5"],
  // The frameworks have less to choose from than the spec.
  arbitrary: () => fc.oneof(cases({ bounded: true, extent: "none" }), cases({ extent: "none" })),
  describe: describeCase,
  async check(given, { adapter, dialects }) {
    let [worst, checked] = [null as number | null, 0];
    for (const dialect of dialects) {
      const back = roundTrip(given, dialect);
      if (!back) continue;
      const place = `weights through ${dialect.name}`;
      if (back.exact) {
        holdBitwise(place, back.weights as Results, given.weights as Results);
        checked++;
        continue;
      }
      const truth = derived(given, adapter.capabilities.precision);
      if (!informative(truth, adapter.capabilities.precision)) continue;
      const moved: Case = { ...given, weights: back.weights };
      worst = Math.max(
        worst ?? 0,
        await withModel(moved, adapter, async (model) =>
          holdAgainst(place, await whole(model, moved), truth),
        ),
      );
      checked++;
    }
    return checked > 0
      ? { errorOverBound: worst }
      : skip("no framework has such a layer, or the bound is too wide");
  },
};
