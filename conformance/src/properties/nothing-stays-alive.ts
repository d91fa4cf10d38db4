import { compile, type SteppableModel } from "@unroll/api";
import { type Case, describeCase, inputsOf, optionsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { stepOf } from "./judge.js";
import { exactOutcome, type Property, skip, Violation } from "./property.js";

export const nothingStaysAlive: Property<Case> = {
  id: "nothing-stays-alive",
  title: "steps hold a constant number of engine objects, and after dispose none is left",
  rules: ["ownership", "R21"],
  share: 0.3,
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter, alive }) {
    if (!alive) return skip("this engine's objects can't be counted; pass alive to certify");
    const before = alive();
    const model = (await compile(given.spec, { adapter, weights: given.weights })) as SteppableModel;
    let state: Parameters<SteppableModel["step"]>[1] = given.state ?? model.zeroState(given.batch);
    const counts: number[] = [];
    for (let n = 0; n < 8; n++) {
      ({ state } = await stepOf(model, given, n % given.time, state));
      counts.push(alive());
    }
    (await model.sequence(inputsOf(given), optionsOf(given))).state.dispose();
    if (new Set(counts.slice(3)).size !== 1)
      throw new Violation("8 steps", `a constant number of live objects, got ${counts.join(", ")}`);
    model.dispose();
    // Freeing may wait for what an engine is still doing.
    for (let n = 0; n < 20 && alive() !== before; n++)
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    if (alive() !== before) throw new Violation("after dispose", `${before} live objects, got ${alive()}`);
    return exactOutcome;
  },
};
