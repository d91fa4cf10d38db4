import { type Case, describeCase, mapState, rowsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import {
  holdAgainst,
  informative,
  joinChunks,
  type Results,
  resultsOf,
  sequenceOutputs,
  stepOf,
  withModel,
} from "./judge.js";
import { type Property, skip } from "./property.js";
import type { State } from "@unroll/api";

export const streamsDoNotMix: Property<Case> = {
  id: "streams-do-not-mix",
  title: "streams of one model that take turns, at once and one after the other, do not mix",
  rules: ["state", "R7", "R20"],
  share: 0.5,
  arbitrary: () => cases({ steppable: true, extent: "none", minBatch: 2 }),
  describe: describeCase,
  async check(given, { adapter }) {
    const { precision } = adapter.capabilities;
    // Every row becomes a stream of its own.
    const streams = Array.from({ length: given.batch }, (_, row) => rowsOf(given, [row]));
    const truths = streams.map((one) => derived(one, precision));
    if (!truths.every((truth) => informative(truth, precision))) return skip("bound too wide");
    return withModel(given, adapter, async (model) => {
      const sequences = sequenceOutputs(given, derived(given, precision).exact);
      const chunks = streams.map((): { results: Results; time: number }[] => []);
      const states: (State | NonNullable<Case["state"]>)[] = streams.map((one) =>
        one.state ? mapState(one.state, (part) => part) : model.zeroState(1),
      );
      for (let t = 0; t < given.time; t++) {
        const results = await Promise.all(streams.map((one, k) => stepOf(model, one, t, states[k]!)));
        for (const [k, result] of results.entries()) {
          const outputs = Object.fromEntries(
            Object.entries(result.outputs).map(([name, output]) => [
              name,
              sequences.has(name) ? { ...output, shape: [1, 1, ...output.shape.slice(1)] } : output,
            ]),
          );
          if (t === given.time - 1)
            chunks[k]!.push({ results: await resultsOf({ outputs, state: result.state }), time: 1 });
          else chunks[k]!.push({ results: outputs, time: 1 });
          states[k] = result.state;
        }
      }
      return {
        errorOverBound: Math.max(
          ...truths.map((truth, k) =>
            holdAgainst(`stream ${k} of ${given.batch}`, joinChunks(chunks[k]!, sequences), truth),
          ),
        ),
      };
    });
  },
};
