import { type HostTensor, type RecurrentSpec, spec } from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdTogether, informative, type Results, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

/** A tensor [batch, time, ...] with time the other way round. */
function reversed(x: HostTensor): HostTensor {
  const [batch, time] = x.shape as [number, number];
  const size = x.data.length / batch / time;
  const data = x.data.slice();
  for (let row = 0; row < batch; row++)
    for (let t = 0; t < time; t++)
      data.set(
        x.data.subarray((row * time + t) * size, (row * time + t + 1) * size),
        (row * time + time - 1 - t) * size,
      );
  return { ...x, data } as HostTensor;
}

export const backwardIsReversedForward: Property<Case> = {
  id: "backward-is-reversed-forward",
  title: "a backward layer gives what a forward one gives on the reversed input, reversed",
  rules: ["reverse", "R14"],
  arbitrary: () =>
    cases({ depth: 1, extent: "none", axes: false }).filter(({ spec: of }) =>
      of.layers.some((layer) => layer.type === "recurrent"),
    ),
  describe: describeCase,
  async check(given, { adapter }) {
    const of = given.spec.layers.find((layer): layer is RecurrentSpec => layer.type === "recurrent")!;
    const only = (direction: "forward" | "backward"): Case => ({
      ...given,
      spec: spec({
        name: direction,
        inputs: given.spec.inputs,
        layers: [
          ...given.spec.layers.filter((layer) => layer.type === "embedding" || layer.type === "oneHot"),
          { ...of, direction, returns: "sequence", outputOrder: "time" },
        ],
      }),
      weights: Object.fromEntries(
        Object.entries(given.weights).filter(
          ([name]) => name.startsWith(`${of.name}.`) || name.startsWith("embed."),
        ),
      ),
    });
    const [backward, forward] = [only("backward"), { ...only("forward"), x: reversed(given.x) }];
    const truth = derived(backward, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const turned: Results = Object.fromEntries(
      Object.entries(await withModel(forward, adapter, (model) => whole(model, forward))).map(
        ([name, value]) => [name, name === of.name ? reversed(value) : value],
      ),
    );
    return {
      errorOverBound: holdTogether(
        "backward against forward on the reversed input",
        await withModel(backward, adapter, (model) => whole(model, backward)),
        turned,
        truth,
      ),
    };
  },
};
