import type { State } from "@unroll/api";
import { type Case, describeCase, inputsOf, memoryExtent, slice } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import {
  holdAgainst,
  informative,
  joinChunks,
  type Results,
  resultsOf,
  sequenceOutputs,
  withModel,
} from "./judge.js";
import { type Property, skip } from "./property.js";

export const cutAnywhere: Property<Case> = {
  id: "cut-anywhere",
  title: "a sequence cut anywhere, with the state carried over, equals the whole",
  rules: ["step", "state", "R1", "R7"],
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const ends = [...given.cuts.filter((cut) => cut > 0 && cut < given.time), given.time];
    return withModel(given, adapter, async (model) => {
      const chunks: { results: Results; time: number }[] = [];
      let carried: State | Case["state"] = given.state;
      let from = 0;
      for (const to of ends) {
        const result = await model.sequence(inputsOf(given, slice(given.x, 1, from, to)), {
          ...memoryExtent(given),
          ...(carried && { state: carried }),
        });
        if (to === given.time) chunks.push({ results: await resultsOf(result), time: to - from });
        else {
          chunks.push({ results: result.outputs, time: to - from });
          carried = result.state;
        }
        from = to;
      }
      return {
        errorOverBound: holdAgainst(
          `cut at [${ends.slice(0, -1).join(", ")}]`,
          joinChunks(chunks, sequenceOutputs(given, truth.exact)),
          truth,
        ),
      };
    });
  },
};
