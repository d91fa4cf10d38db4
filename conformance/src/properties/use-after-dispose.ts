import { compile, isUnrollError, type SteppableModel } from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { frame } from "./judge.js";
import { exactOutcome, type Property, Violation } from "./property.js";

async function expectDisposed(place: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isUnrollError(error) && error.code === "UNROLL_DISPOSED") return;
    throw new Violation(place, `an error of code UNROLL_DISPOSED, got ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new Violation(place, "an error of code UNROLL_DISPOSED, got a result");
}

export const useAfterDispose: Property<Case> = {
  id: "use-after-dispose",
  title: "what was disposed says so when it is used",
  rules: ["ownership", "R21"],
  share: 0.2,
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    const model = (await compile(given.spec, { adapter, weights: given.weights })) as SteppableModel;
    const { state } = await model.step(frame(given, 0), given.state ?? model.zeroState(given.batch));
    state.dispose();
    state.dispose();
    await expectDisposed("step with a disposed state", () => model.step(frame(given, 0), state));
    model.dispose();
    model.dispose();
    await expectDisposed("sequence of a disposed model", () => model.sequence(given.x));
    return exactOutcome;
  },
};
