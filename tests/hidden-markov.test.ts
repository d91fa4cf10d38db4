import { compile, embedding, input, recurrent, spec, tensor, type SteppableModel } from "@unroll/api";
import { hiddenMarkovCell } from "@unroll/api/cells";
import { compareWithBound, deriveBounds } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

// A small model whose every path can be walked: two kinds of weather, three activities.
const prior = [0.6, 0.4];
const transition = [
  [0.7, 0.3],
  [0.4, 0.6],
];
const emission = [
  [0.1, 0.6],
  [0.4, 0.3],
  [0.5, 0.1],
];
const observed = [0, 2, 1, 1, 0];

/** Probability of the observations and of each state at the end, summed over every path of states. */
function everyPath(symbols: readonly number[]): { likelihood: number; last: number[] } {
  const last = [0, 0];
  for (let path = 0; path < 2 ** symbols.length; path++) {
    let [p, before] = [1, -1];
    symbols.forEach((symbol, t) => {
      const state = (path >> t) & 1;
      p *= (before < 0 ? prior[state]! : transition[before]![state]!) * emission[symbol]![state]!;
      before = state;
    });
    last[before]! += p;
  }
  const likelihood = last[0]! + last[1]!;
  return { likelihood, last: last.map((p) => p / likelihood) };
}

const model = spec({
  name: "weather",
  inputs: [input({ name: "symbols", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "emission", input: "symbols", inputSize: 3, outputSize: 2 }),
    recurrent({ name: "hmm", input: "emission", cell: hiddenMarkovCell({ states: 2 }) }),
  ],
});
const weights = {
  "emission.table": tensor(emission),
  "hmm.prior": tensor(prior),
  "hmm.transition": tensor(transition),
};
const symbols = tensor([observed, [1, 1, 2, 0, 0]], undefined, "int32");

describe("a hidden Markov model", () => {
  it.each(Object.entries(variants))(
    "filters, predicts and scores on %s as the sum over every path does",
    async (_engine, make) => {
      const compiled = await compile(model, { adapter: make(), weights });
      const { output } = await compiled.sequence(symbols, { lengths: [5, 3] });
      const { exact, bounds } = deriveBounds(model, weights, {
        inputs: { symbols },
        lengths: tensor([5, 3], [2], "int32"),
      });
      expect(
        compareWithBound(output, exact.outputs["hmm"]!, bounds.outputs["hmm"]!).errorOverBound,
      ).toBeLessThan(1);

      [observed, [1, 1, 2]].forEach((sequence, row) => {
        const { likelihood, last } = everyPath(sequence);
        const steps = sequence.map((_, t) =>
          Array.from(output.data.subarray((row * 5 + t) * 3, (row * 5 + t + 1) * 3)),
        );
        const bound = (t: number, k: number): number => bounds.outputs["hmm"]!.data[(row * 5 + t) * 3 + k]!;
        const score = steps.reduce((sum, step) => sum + step[2]!, 0);
        // A score may be off by what its steps may be.
        expect(Math.abs(score - Math.log(likelihood))).toBeLessThan(
          sequence.reduce((sum, _, t) => sum + bound(t, 2), 0),
        );
        const end = sequence.length - 1;
        last.forEach((p, state) => expect(Math.abs(steps[end]![state]! - p)).toBeLessThan(bound(end, state)));
      });
      compiled.dispose();
    },
  );

  it("begins from a state of zeros, and goes on from the state of a step", async () => {
    const compiled = (await compile(model, { adapter: variants["builtin"]!(), weights })) as SteppableModel;
    let [state, score] = [compiled.zeroState(1), 0];
    for (const symbol of observed) {
      const result = await compiled.step([symbol], state);
      score += result.output.data[2] as number;
      state = result.state;
    }
    const { bounds } = deriveBounds(model, weights, {
      inputs: { symbols: tensor([observed], undefined, "int32") },
    });
    expect(Math.abs(score - Math.log(everyPath(observed).likelihood))).toBeLessThan(
      observed.reduce((sum, _, t) => sum + bounds.outputs["hmm"]!.data[t * 3 + 2]!, 0),
    );
  });
});
