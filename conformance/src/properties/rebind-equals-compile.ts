import {
  type Adapter,
  compile,
  type HostTensor,
  type SteppableModel,
  type WeightMap,
  whyNotSteppable,
} from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import type { DerivedBounds } from "../tolerance/bounds.js";
import { derived } from "./derived.js";
import {
  holdAgainst,
  holdBitwise,
  informative,
  resultsOf,
  sequenceOutputs,
  stepOf,
  stepped,
  whole,
} from "./judge.js";
import { type Property, skip } from "./property.js";

/** Every weight with other values: what a model knew before. */
const others = (weights: WeightMap): WeightMap =>
  Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => {
      const data = (weight.data as Float32Array).map((value, k) => 0.25 * Math.sin(k + 1) - value);
      return [name, { ...weight, data } as HostTensor];
    }),
  );

/** The worst error over bound of a model that is given its weights after it has run with others. */
async function rebound(given: Case, adapter: Adapter, truth: DerivedBounds): Promise<number> {
  const weights = others(given.weights);
  const model = (await compile(given.spec, { adapter, weights })) as SteppableModel;
  try {
    const steps = whyNotSteppable(given.spec) === null && given.lengths === null && given.mask === null;
    const before = await whole(model, given);
    const copy = structuredClone(before);
    if (steps) await resultsOf(await stepOf(model, given, 0, given.state ?? model.zeroState(given.batch)));
    await model.rebind(given.weights);
    holdBitwise("a result of the weights before", before, copy);
    const worst = holdAgainst("with weights bound anew", await whole(model, given), truth);
    if (!steps) return worst;
    const results = await stepped(model, given, sequenceOutputs(given, truth.exact));
    return Math.max(worst, holdAgainst("step by step with weights bound anew", results, truth));
  } finally {
    model.dispose();
  }
}

export const rebindEqualsCompile: Property<Case> = {
  id: "rebind-equals-compile",
  title: "weights bound anew give what the equations give with them, and leave earlier results alone",
  rules: ["rebind", "R21"],
  share: 0.5,
  arbitrary: () => cases(),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    return { errorOverBound: await rebound(given, adapter, truth) };
  },
};
