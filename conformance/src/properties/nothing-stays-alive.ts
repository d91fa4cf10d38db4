import { compile, type SteppableModel } from "@unroll/api";
import { type Case, describeCase, inputsOf, optionsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { stepOf } from "./judge.js";
import { exactOutcome, type Property, skip, Violation } from "./property.js";

/** What is freed may be gone later, but within so many milliseconds. */
const LATE = 500;

/** A count that has not changed for so many milliseconds is what is held. */
const STILL = 150;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Waits until no more than `most` objects are alive, as long as they may take. Whether it came to that. */
async function fallsTo(most: number, alive: () => number): Promise<boolean> {
  const end = Date.now() + LATE;
  while (alive() > most && Date.now() < end) await pause(1);
  return alive() <= most;
}

/** What is alive once nothing more is freed. */
async function settled(alive: () => number): Promise<number> {
  const end = Date.now() + LATE;
  let [count, since] = [alive(), Date.now()];
  while (Date.now() < since + STILL && Date.now() < end) {
    await pause(5);
    if (alive() !== count) [count, since] = [alive(), Date.now()];
  }
  return count;
}

/** What was alive when the last case ended, by what counts it. */
const ended = new WeakMap<() => number, number>();

/** What is alive before a case, and not only because what came before it is still being freed. */
const aliveBefore = async (alive: () => number): Promise<number> =>
  ended.get(alive) === alive() ? alive() : settled(alive);

export const nothingStaysAlive: Property<Case> = {
  id: "nothing-stays-alive",
  title: "steps hold a constant number of engine objects, and after dispose none is left",
  rules: ["ownership", "R21"],
  share: 0.3,
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter, alive }) {
    if (!alive) return skip("this engine's objects can't be counted; pass alive to certify");
    const before = await aliveBefore(alive);
    const model = (await compile(given.spec, { adapter, weights: given.weights })) as SteppableModel;
    let state: Parameters<SteppableModel["step"]>[1] = given.state ?? model.zeroState(given.batch);
    const steps = async (): Promise<number[]> => {
      const counts: number[] = [];
      for (let n = 0; n < 8; n++) {
        ({ state } = await stepOf(model, given, n % given.time, state));
        counts.push(alive());
      }
      return counts;
    };
    const counts = await steps();
    // An engine may free later: then as much has to be there after some steps as after some more.
    if (new Set(counts.slice(3)).size !== 1) {
      const held = await settled(alive);
      const more = await steps();
      if (!(await fallsTo(held, alive)))
        throw new Violation(
          "16 steps",
          `a constant number of live objects, got ${[...counts, ...more].join(", ")} and then ${alive()}`,
        );
    }
    (await model.sequence(inputsOf(given), optionsOf(given))).state.dispose();
    model.dispose();
    await fallsTo(before, alive);
    if (alive() !== before) throw new Violation("after dispose", `${before} live objects, got ${alive()}`);
    ended.set(alive, before);
    return exactOutcome;
  },
};
