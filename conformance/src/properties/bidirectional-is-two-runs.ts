import { type BidirectionalSpec, recurrent, spec, type WeightMap } from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdTogether, informative, type Results, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const bidirectionalIsTwoRuns: Property<Case> = {
  id: "bidirectional-is-two-runs",
  title: "a bidirectional layer is a forward and a backward run",
  rules: ["reverse", "merge", "R14"],
  arbitrary: () =>
    cases({ depth: 1, axes: false }).filter(({ spec: of }) =>
      of.layers.some((layer) => layer.type === "bidirectional"),
    ),
  describe: describeCase,
  async check(given, { adapter }) {
    const both = given.spec.layers.find(
      (layer): layer is BidirectionalSpec => layer.type === "bidirectional",
    )!;
    const before = given.spec.layers.filter((layer) => layer.type === "embedding" || layer.type === "oneHot");
    const weightsFor = (prefix: string, to: string): WeightMap => ({
      ...Object.fromEntries(Object.entries(given.weights).filter(([name]) => name.startsWith("embed."))),
      ...Object.fromEntries(
        Object.entries(given.weights)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, weight]) => [to + name.slice(prefix.length), weight]),
      ),
    });
    const merged: Case = {
      ...given,
      spec: spec({
        name: "both",
        inputs: given.spec.inputs,
        layers: [...before, { ...both, merge: "none" }],
        outputs: [`${both.name}.forward`, `${both.name}.backward`],
      }),
      weights: weightsFor(`${both.name}.`, `${both.name}.`),
    };
    const truth = derived(merged, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const together = await withModel(merged, adapter, (model) => whole(model, merged));
    const apart: Record<string, Results[string]> = {};
    for (const way of ["forward", "backward"] as const) {
      const { maskedOutput, heldStart, returns } = both;
      const state = given.state?.[both.name];
      const one: Case = {
        ...given,
        weights: weightsFor(`${both.name}.${way}.`, "one."),
        spec: spec({
          name: way,
          inputs: given.spec.inputs,
          layers: [
            ...before,
            recurrent({
              name: "one",
              input: both.input,
              cell: both[way],
              direction: way,
              maskedOutput,
              heldStart,
              returns,
            }),
          ],
        }),
        state: state
          ? {
              one: Object.fromEntries(
                Object.entries(state)
                  .filter(([part]) => part.startsWith(way))
                  .map(([part, held]) => [part.slice(way.length + 1), held]),
              ),
            }
          : null,
      };
      const { one: output, ...rest } = await withModel(one, adapter, (model) => whole(model, one));
      apart[`${both.name}.${way}`] = output!;
      for (const [name, held] of Object.entries(rest))
        apart[name.replace("state one.", `state ${both.name}.${way}.`)] = held;
    }
    return { errorOverBound: holdTogether("bidirectional against two runs", together, apart, truth) };
  },
};
