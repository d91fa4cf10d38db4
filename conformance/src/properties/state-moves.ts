import { compile, State, type SteppableModel } from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
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
} from "./judge.js";
import { type Property, skip } from "./property.js";

export const stateMoves: Property<Case> = {
  id: "state-moves",
  title:
    "a state moved to another engine and back in mid-sequence, by JSON and by typed arrays, changes nothing",
  rules: ["state", "R20"],
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter, partner }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const sequences = sequenceOutputs(given, truth.exact);
    const models = (await Promise.all(
      [adapter, partner].map((engine) => compile(given.spec, { adapter: engine, weights: given.weights })),
    )) as SteppableModel[];
    try {
      const chunks: { results: Results; time: number }[] = [];
      let state: State = State.fromTypedArrays(
        given.state ?? (await models[0]!.zeroState(given.batch).toTypedArrays()),
      );
      for (let t = 0; t < given.time; t++) {
        const result = await stepOf(models[t % 2]!, given, t, state);
        const outputs = Object.fromEntries(
          Object.entries(result.outputs).map(([name, output]) => [
            name,
            sequences.has(name) ? { ...output, shape: [given.batch, 1, ...output.shape.slice(1)] } : output,
          ]),
        );
        if (t === given.time - 1)
          chunks.push({ results: await resultsOf({ outputs, state: result.state }), time: 1 });
        else {
          chunks.push({ results: outputs, time: 1 });
          await result.state.toHost();
          state =
            t % 3 === 0
              ? State.fromJSON(JSON.parse(JSON.stringify(result.state)) as ReturnType<State["toJSON"]>)
              : t % 3 === 1
                ? State.fromTypedArrays(structuredClone(await result.state.toTypedArrays()))
                : result.state;
        }
      }
      return {
        errorOverBound: holdAgainst(
          `steps in turn on ${adapter.name} and ${partner.name}`,
          joinChunks(chunks, sequences),
          truth,
        ),
      };
    } finally {
      for (const model of models) model.dispose();
    }
  },
};
